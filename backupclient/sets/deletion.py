# SPDX-License-Identifier: Apache-2.0
"""Delete a set, so that a half deleted one never looks complete.

First write a list of the files into the set. Then, if the store can rename,
move the set to ``<run>.deleting``. Then delete the manifest, and then the
data. A later call finishes a killed deletion by that list: without the
manifest, only the list shows which files are the set's.

On a full disk the list cannot be written, but a deletion must still be
possible. A rename needs no space: move the set first, and write the list as
soon as deleted files have made room for it.

Only files that the manifest lists, at the places of the layout, are deleted.
"""

from collections.abc import Iterator
import datetime

from backupclient import errors
from backupclient.model import layout
from backupclient.model import tags
from backupclient.sets import catalogue
from backupclient.sets import claims
from backupclient.sets import deletion_lists
from backupclient.sets import lost
from backupclient.store import base

Begun = deletion_lists.Begun
obstacle = deletion_lists.obstacle


def begun(store: base.Store) -> Iterator[Begun]:
    """Yield the sets whose deletion was not finished.

    :raises TargetError: if the list would not be complete.
    """
    if store.can.renaming:
        names = frozenset(store.folders())
    else:
        names = store.folders_with(layout.DELETION) | _failed(store)
    for name in sorted(names):
        run = name.removesuffix(layout.DELETING).rpartition('/')[2]
        if tags.is_run_id(run) and (name != run or not store.can.renaming):
            yield Begun(run, name)


def _failed(store: base.Store) -> frozenset[str]:
    """Return the failed sets whose deletion was not finished."""
    every = (
        f'{layout.FAILED}/{name}' for name in store.folders(layout.FAILED)
    )
    return frozenset(
        name
        for name in every
        if store.stat(f'{name}/{layout.DELETION}') is not None
    )


def delete(store: base.Store, opened: catalogue.Opened) -> None:
    """Delete a closed set.

    :param opened: the set with its manifest, as it was chosen for deletion.
    :raises TargetError: if the set has changed since, has files that are not
        its own, or cannot be deleted. Continue with :func:`finish` if the
        deletion has begun.
    :raises Busy: if a command reads the set.
    """
    found = opened.found
    again = catalogue.read(store, found)
    if again.manifest is None or again.digest != opened.digest:
        raise errors.TargetError(
            f'{store.name}/{found.folder} has changed since it was chosen, '
            'and is kept. Call the command again.'
        )
    if why := obstacle(store, again):
        raise errors.TargetError(why)
    record = _announce(store, again)
    folder = found.folder
    if store.can.renaming:
        folder = _move(store, found, record)
    finish(store, Begun(found.run, folder))
    _drop_failed(store, found.folder)


def is_there(store: base.Shelf, found: catalogue.Found) -> bool:
    """Return whether a set has its manifest, and so is not being deleted."""
    return store.stat(f'{found.folder}/{layout.MANIFEST}') is not None


def _move(store: base.Store, found: catalogue.Found, record: str) -> str:
    """Rename a set to ``<run>.deleting``; return that name.

    :param record: the path of its list of files, ``''`` if the disk was full.
    :raises Busy: if a command has begun to read the set.
    """
    folder = found.run + layout.DELETING
    try:
        store.rename(found.folder, folder)
    except errors.TargetError:
        # The set stays: without the list it does not count as being deleted.
        if record:
            store.delete(record)
        raise
    now = datetime.datetime.now(datetime.UTC)
    if not record and (reader := claims.alive(store, folder, now)):
        store.rename(folder, found.folder)
        raise errors.Busy(reader)
    return folder


def abandon(store: base.Store, one: Begun) -> None:
    """Delete an unfinished set of a dead run.

    It has no manifest: all files at the places of the layout are the set's.

    :raises TargetError: if its run has ended meanwhile, if it has other files,
        or if it cannot be deleted.
    """
    start = f'{one.folder}/'
    plain = {
        entry.path.removeprefix(start): entry.plain
        for entry in store.list(one.folder)
    }
    if one.folder == one.run and (
        layout.MANIFEST in plain or lost.is_lost(plain)
    ):
        # The run has ended since the set was listed.
        raise errors.TargetError(
            f'{store.name}/{one.folder} is not the unfinished set of a run '
            'any more, and is kept. Call the command again.'
        )
    paths = {
        name.removesuffix(base.PART): is_plain
        for name, is_plain in plain.items()
    }
    if links := [path for path, plain in paths.items() if not plain]:
        raise errors.TargetError(
            deletion_lists.not_plain(f'{store.name}/{one.folder}', links)
        )
    foreign = [path for path in paths if not deletion_lists.is_own(path)]
    if foreign:
        raise errors.TargetError(
            deletion_lists.not_ours(f'{store.name}/{one.folder}', foreign)
        )
    listed = tuple(path for path in paths if layout.may_be_read(path))
    deletion_lists.try_to_put(store, one, listed)
    folder = one.folder
    if store.can.renaming:
        folder = one.run + layout.DELETING
        store.rename(one.folder, folder)
    finish(store, Begun(one.run, folder))


def finish(store: base.Store, one: Begun) -> None:
    """Delete the rest of a set whose deletion has begun.

    :raises TargetError: if it cannot be deleted, or has files that are not its
        own.
    :raises DocumentError: if its list of files cannot be used.
    :raises Busy: if a command reads the set, which was moved without a list.
    """
    record = f'{one.folder}/{layout.DELETION}'
    if store.can.renaming and store.stat(record) is None:
        deletion_lists.complete(store, one)
    if store.stat(record) is not None:
        found = deletion_lists.read(store, one, record)
        # The manifest first: without it, no command takes the rest for a
        # finished set.
        store.delete(f'{one.folder}/{layout.MANIFEST}')
        for path in found.files:
            store.delete(f'{one.folder}/{path}')
        for path in _beside(store, one.folder):
            store.delete(f'{one.folder}/{path}')
    _require_empty(store, one.folder, record)
    store.delete(record)
    store.tidy(one.folder)
    store.drop(one.folder)
    _drop_failed(store, one.folder)


def _drop_failed(store: base.Store, folder: str) -> None:
    """Delete the folder of the failed sets if it is empty now."""
    if folder.startswith(f'{layout.FAILED}/'):
        store.drop(layout.FAILED)


def _announce(store: base.Store, opened: catalogue.Opened) -> str:
    """Write the list of files, unless a command reads the set.

    :returns: the path of the list, ``''`` if the disk is full.
    :raises Busy: if a command reads the set.
    """
    assert opened.manifest is not None  # noqa: S101
    found = opened.found
    begun_ = Begun(found.run, found.folder)
    record = deletion_lists.try_to_put(
        store, begun_, tuple(deletion_lists.named(opened.manifest))
    )
    now = datetime.datetime.now(datetime.UTC)
    if reader := claims.alive(store, found.folder, now):
        if record:
            store.delete(record)
        raise errors.Busy(reader)
    return record


def _beside(store: base.Store, folder: str) -> list[str]:
    """Return the paths of verification results, markers and dead claims."""
    paths = [
        entry.path.removeprefix(f'{folder}/')
        for entry in store.list(folder)
        if entry.plain
    ]
    return [
        path
        for path in paths
        if deletion_lists.is_beside(path) and path != layout.DELETION
    ]


def _require_empty(store: base.Store, folder: str, record: str) -> None:
    """Raise TargetError if files are left that are not the set's."""
    left = [
        entry.path.removeprefix(f'{folder}/')
        for entry in store.list(folder)
        if entry.path != record
    ]
    if left:
        raise errors.TargetError(
            deletion_lists.not_ours(f'{store.name}/{folder}', left)
        )
