# SPDX-License-Identifier: Apache-2.0
"""Delete a set, so that what is left of it never looks whole.

First a list of the files is written into the set. Then the set is moved to
``<run>.deleting``, where the store can rename, then its manifest is deleted,
and then its data. A killed deletion is finished by that list: after the
manifest is gone, nothing else says which files are the set's.

Only files that the manifest lists, at the places of the layout, are deleted.
"""

from collections.abc import Iterator
import dataclasses
import datetime
import socket
from typing import Literal

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import tags
from backupclient.sets import catalogue
from backupclient.sets import claims
from backupclient.sets import set_files
from backupclient.store import base

FORMAT_VERSION = 1
_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Deletion:
    """What is being deleted: the content of ``deleting.json``.

    :param host: the name of the machine that deletes.
    :param started_at: UTC, ISO 8601.
    :param files: all files of the set, by their paths in it.
    """

    run: str
    host: str
    started_at: str
    files: tuple[str, ...]
    format: Literal['openstack-backup-deletion'] = 'openstack-backup-deletion'
    version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        tags.require_run_id(self.run)
        for path in self.files:
            if not layout.may_be_read(path):
                raise ValueError(
                    f'{path[:80]!r} is not the path of a file in a set'
                )


@dataclasses.dataclass(frozen=True, slots=True)
class Begun:
    """A set whose deletion has begun.

    :param folder: where it is in the store.
    """

    run: str
    folder: str


def begun(store: base.Store) -> Iterator[Begun]:
    """Find the sets whose deletion was not finished.

    :raises TargetError: the list would not be complete.
    """
    if store.can.renaming:
        names = frozenset(store.folders())
    else:
        names = store.folders_with(layout.DELETION)
    for name in sorted(names):
        run = name.removesuffix(layout.DELETING)
        if tags.is_run_id(run) and (name != run or not store.can.renaming):
            yield Begun(run, name)


def obstacle(store: base.Store, opened: catalogue.Opened) -> str:
    """Say why a set cannot be deleted, ``''`` if it can.

    :param opened: with its manifest.
    :raises TargetError: the list of its files would not be complete.
    """
    assert opened.manifest is not None  # noqa: S101
    files = catalogue.files(store, opened.found)
    known = dict.fromkeys(_named(opened.manifest))
    foreign = [
        *set_files.foreign(files, known),
        *(each.path for each in files.list() if not each.plain),
    ]
    if not foreign:
        return ''
    return _not_ours(f'{store.name}/{opened.found.folder}', foreign)


def delete(store: base.Store, opened: catalogue.Opened) -> None:
    """Delete a finished set.

    :param opened: with its manifest; the set is as it was decided on.
    :raises TargetError: it has changed since, has files that are not its own,
        or cannot be deleted. Called again, or by :func:`finish`, it goes on.
    :raises Busy: somebody reads it.
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
        folder = found.run + layout.DELETING
        try:
            store.rename(found.folder, folder)
        except errors.TargetError:
            # The set stays: it is not to look as if it were deleted.
            store.delete(record)
            raise
    finish(store, Begun(found.run, folder))


def abandon(store: base.Store, one: Begun) -> None:
    """Delete a set that its dead run has not finished.

    There is no manifest: what is at the places of the layout is the set's.

    :raises TargetError: it has other files, or cannot be deleted.
    """
    start = f'{one.folder}/'
    paths = {
        entry.path.removeprefix(start).removesuffix(base.PART): entry.plain
        for entry in store.list(one.folder)
    }
    foreign = [
        path
        for path, plain in paths.items()
        if not plain or not (_is_beside(path) or layout.may_be_read(path))
    ]
    if foreign:
        raise errors.TargetError(
            _not_ours(f'{store.name}/{one.folder}', foreign)
        )
    listed = tuple(path for path in paths if layout.may_be_read(path))
    _put(store, one, listed)
    folder = one.folder
    if store.can.renaming:
        folder = one.run + layout.DELETING
        store.rename(one.folder, folder)
    finish(store, Begun(one.run, folder))


def finish(store: base.Store, one: Begun) -> None:
    """Delete what is left of a set whose deletion has begun.

    :raises TargetError: it cannot be deleted, or there are files in it that
        are not the set's.
    :raises DocumentError: its list of files cannot be used.
    """
    record = f'{one.folder}/{layout.DELETION}'
    if store.stat(record) is not None:
        found = _read(store, one, record)
        # The manifest first: without it, nothing takes the rest for a set.
        store.delete(f'{one.folder}/{layout.MANIFEST}')
        for path in found.files:
            store.delete(f'{one.folder}/{path}')
        for path in _beside(store, one.folder):
            store.delete(f'{one.folder}/{path}')
    _require_empty(store, one.folder, record)
    store.delete(record)
    store.tidy(one.folder)
    store.drop(one.folder)


def _announce(store: base.Store, opened: catalogue.Opened) -> str:
    """Write the list of files, unless somebody reads the set.

    :returns: the path of the list.
    :raises Busy: somebody does.
    """
    assert opened.manifest is not None  # noqa: S101
    found = opened.found
    begun_ = Begun(found.run, found.folder)
    record = _put(store, begun_, tuple(_named(opened.manifest)))
    now = datetime.datetime.now(datetime.UTC)
    if reader := claims.alive(store, found.folder, now):
        store.delete(record)
        raise errors.Busy(reader)
    return record


def _put(store: base.Store, one: Begun, files: tuple[str, ...]) -> str:
    """Write the list of files into a set; return its path."""
    now = datetime.datetime.now(datetime.UTC)
    record = f'{one.folder}/{layout.DELETION}'
    store.put(
        record,
        documents.encode(
            Deletion(
                one.run,
                socket.gethostname(),
                now.isoformat(timespec='seconds'),
                files,
            )
        ),
    )
    return record


def _named(manifest: manifests.Manifest) -> Iterator[str]:
    """Return the paths of all files that a manifest stands for."""
    yield from (layout.MANIFEST, layout.INSTRUCTIONS, layout.CHECKSUMS)
    yield from dict.fromkeys(
        member.path
        for entry in manifest.items
        for member in set_files.of_entry(entry)
    )


def _read(store: base.Store, one: Begun, record: str) -> Deletion:
    what = f'list of files {store.name}/{record}'
    content = base.read_whole(store, record, documents.LARGEST + 1)
    found = documents.decode(content, Deletion, what)
    if found.run != one.run:
        raise errors.DocumentError(
            f'The {what} is of run {found.run}: it was copied there. Delete '
            'the folder yourself if nobody needs it.'
        )
    return found


def _beside(store: base.Store, folder: str) -> list[str]:
    """Return the results of verifications, and claims of dead readers."""
    paths = [
        entry.path.removeprefix(f'{folder}/')
        for entry in store.list(folder)
        if entry.plain
    ]
    return [
        path for path in paths if _is_beside(path) and path != layout.DELETION
    ]


def _is_beside(path: str) -> bool:
    """Tell whether a file can be in a set, and in no manifest."""
    return (
        layout.is_verified(path)
        or layout.is_claim(path)
        or path in (layout.MARKER, layout.DELETION)
    )


def _require_empty(store: base.Store, folder: str, record: str) -> None:
    """Raise TargetError if something is left that is not the set's."""
    left = [
        entry.path.removeprefix(f'{folder}/')
        for entry in store.list(folder)
        if entry.path != record
    ]
    if left:
        raise errors.TargetError(_not_ours(f'{store.name}/{folder}', left))


def _not_ours(place: str, paths: list[str]) -> str:
    more = len(paths) - _SHOWN
    shown = ', '.join(paths[:_SHOWN])
    return (
        f'{place} has files that are not listed in its manifest: {shown}'
        f'{f" and {more} more" if more > 0 else ""}. It is kept: move them '
        'away, then call the command again.'
    )
