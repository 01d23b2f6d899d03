# SPDX-License-Identifier: Apache-2.0
"""The list of the files of a set that is being deleted: ``deleting.json``.

It is written before the manifest is deleted, and deleted last, so that a
killed deletion can be finished.
"""

from collections.abc import Iterator, Sequence
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
from backupclient.store import localfile

FORMAT_VERSION = 1
_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Deletion:
    """The content of ``deleting.json``.

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

    :param folder: the set's path in the store.
    """

    run: str
    folder: str


def obstacle(store: base.Store, opened: catalogue.Opened) -> str:
    """Return why a set cannot be deleted, ``''`` if it can.

    :param opened: the set with its manifest.
    :raises TargetError: if the list of its files would not be complete.
    """
    assert opened.manifest is not None  # noqa: S101
    files = catalogue.files(store, opened.found)
    known = dict.fromkeys(named(opened.manifest))
    place = f'{store.name}/{opened.found.folder}'
    links = [each.path for each in files.list() if not each.plain]
    if links:
        return not_plain(place, links)
    foreign = set_files.foreign(files, known)
    return not_ours(place, foreign) if foreign else ''


def try_to_put(store: base.Store, one: Begun, files: tuple[str, ...]) -> str:
    """Write the list of files into a set, if there is room for it.

    :returns: the list's path; ``''`` if the disk is full and the store can
        rename: then the set can be moved without a list.
    :raises TargetError: if the list cannot be written.
    """
    try:
        return put(store, one, files)
    except errors.TargetError as exc:
        if store.can.renaming and localfile.is_full(exc):
            return ''
        if store.can.renaming:
            raise
        raise errors.TargetError(
            f'{exc} Nothing of the set is deleted yet: a list of its files '
            'has to be written before. If there is no room for it, make some '
            'there by other means, then call the command again.'
        ) from exc


def put(store: base.Store, one: Begun, files: tuple[str, ...]) -> str:
    """Write the list of files into a set; return the list's path.

    :raises TargetError: if the list cannot be written.
    """
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


def complete(store: base.Store, one: Begun) -> None:
    """Write the list of a set that was moved while the disk was full.

    Files of the set are deleted until there is room for the list. That is
    safe: no command takes a folder of that name for a backup. The manifest
    shows which files are the set's. Without a manifest, the set is unfinished,
    and all files at the places of the layout are its own.

    :raises Busy: if a command reads the set.
    :raises TargetError: if it has other files, or there is still no room.
    :raises DocumentError: if its manifest cannot be used.
    """
    files = store.list(one.folder)
    if not files:
        return
    now = datetime.datetime.now(datetime.UTC)
    if reader := claims.alive(store, one.folder, now):
        raise errors.Busy(reader)
    start = f'{one.folder}/'
    sizes = {
        each.path.removeprefix(start).removesuffix(base.PART): each.size
        for each in files
    }
    if layout.MANIFEST in sizes:
        names = _by_manifest(store, one)
    else:
        names = tuple(path for path in sizes if layout.may_be_read(path))
    # The texts first, then the largest files; never the manifest, which the
    # next try needs to make the list.
    spare = sorted(
        (path for path in sizes if path in names or is_beside(path)),
        key=lambda path: (path not in layout.DESCRIPTIONS, -sizes[path]),
    )
    for path in ('', *spare):
        if path and path != layout.MANIFEST:
            store.delete(start + path)
        if try_to_put(store, one, names):
            return
    put(store, one, names)


def _by_manifest(store: base.Store, one: Begun) -> tuple[str, ...]:
    """Return the paths of a moved set's files, by its manifest."""
    found = catalogue.Found(one.run, catalogue.State.UNFINISHED, one.folder)
    opened = catalogue.read(store, found)
    if opened.manifest is None:
        raise errors.DocumentError(opened.problem)
    if why := obstacle(store, opened):
        raise errors.TargetError(why)
    return tuple(named(opened.manifest))


def named(manifest: manifests.Manifest) -> Iterator[str]:
    """Yield the paths of the texts and of all files that a manifest lists."""
    yield from (layout.MANIFEST, layout.INSTRUCTIONS, layout.CHECKSUMS)
    yield from dict.fromkeys(
        member.path
        for entry in manifest.items
        for member in set_files.of_entry(entry)
    )


def read(store: base.Store, one: Begun, record: str) -> Deletion:
    """Read the list of a set whose deletion has begun.

    :param record: the list's path.
    :raises DocumentError: if it is not valid, or belongs to another set.
    """
    what = f'list of files {store.name}/{record}'
    content = base.read_whole(store, record, documents.LARGEST + 1)
    found = documents.decode(content, Deletion, what)
    if found.run != one.run:
        raise errors.DocumentError(
            f'The {what} is of run {found.run}: it was copied there. Delete '
            'the folder yourself if nobody needs it.'
        )
    return found


def is_own(path: str) -> bool:
    """Return whether an unfinished set can have a file of that path."""
    return is_beside(path) or layout.may_be_read(path)


def is_beside(path: str) -> bool:
    """Return whether a path is a set's file that no manifest lists."""
    return (
        layout.is_verified(path)
        or layout.is_claim(path)
        or path in (layout.MARKER, layout.DELETION)
    )


def not_plain(place: str, paths: Sequence[str]) -> str:
    """Return the message that a set has links or other special files.

    :param paths: the paths of these files.
    """
    return (
        f'{place} has links, or what else is no plain file: {_some(paths)}. '
        'They are not followed, and the set is kept: put the files in their '
        'place or move them away, then call the command again.'
    )


def not_ours(place: str, paths: Sequence[str]) -> str:
    """Return the message that a set has files that are not its own.

    :param paths: the paths of these files.
    """
    return (
        f'{place} has files that are not listed in its manifest: '
        f'{_some(paths)}. It is kept: move them away, then call the command '
        'again.'
    )


def _some(paths: Sequence[str]) -> str:
    more = len(paths) - _SHOWN
    shown = ', '.join(paths[:_SHOWN])
    return f'{shown}{f" and {more} more" if more > 0 else ""}'
