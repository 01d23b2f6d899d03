# SPDX-License-Identifier: Apache-2.0
"""The results of verifications, kept beside the backup in ``verified/``.

Neither the manifest nor the checksums list these files. So nothing proves
that a result is genuine.
"""

from collections.abc import Iterable, Iterator
import datetime
from importlib import metadata
import itertools
import socket

from backupclient import documents
from backupclient import errors
from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import stamps
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.store import base

Key = tuple[str, str]
"""The kind and the ID of a resource."""

_MOST = 1000
"""The number of results of a set that are read: the newest ones."""


def keep(
    store: base.Shelf,
    found: catalogue.Found,
    depth: verification.Depth,
    rows: Iterable[verification.Row],
    now: datetime.datetime,
) -> str:
    """Write the result of a verification into a set.

    :param now: an aware time.
    :returns: the path in the store.
    :raises TargetError: if it cannot be written; the set is unchanged.
    """
    now = now.astimezone(datetime.UTC)
    content = documents.encode(
        verification.Verification(
            found.run,
            now.isoformat(timespec='seconds'),
            depth,
            tuple(rows),
            socket.gethostname(),
            _program_version(),
        )
    )
    path = _new_path(store, found, now.strftime('%Y%m%dT%H%M%SZ'))
    store.put(path, content, replace=False)
    return path


def put_back(
    store: base.Shelf, found: catalogue.Found, one: verification.Verification
) -> None:
    """Write an earlier result into a set again, with its original time.

    :raises TargetError: if it cannot be written.
    """
    at = stamps.read(one.verified_at)
    if at is None:
        return
    stamp = at.astimezone(datetime.UTC).strftime('%Y%m%dT%H%M%SZ')
    path = _new_path(store, found, stamp)
    store.put(path, documents.encode(one), replace=False)


def read(
    store: base.Shelf, found: catalogue.Found
) -> tuple[verification.Verification, ...]:
    """Return the results of a set's verifications, the oldest first.

    Unreadable results are left out.

    :raises TargetError: if the list would not be complete.
    """
    start = len(found.folder) + 1
    names = [path[start:] for path in paths(store, found)]
    every = _documents(catalogue.files(store, found), found.run, names)
    return tuple(sorted(every, key=lambda one: one.verified_at))


def paths(store: base.Shelf, found: catalogue.Found) -> tuple[str, ...]:
    """Return the paths of a set's newest results, the oldest of them first.

    :raises TargetError: if the list would not be complete.
    """
    folder = f'{found.folder}/{layout.VERIFIED}'
    start = len(found.folder) + 1
    known = [
        entry.path[start:]
        for entry in store.list(folder)
        if entry.plain and layout.is_verified(entry.path[start:])
    ]
    newest = sorted(known, key=_order)[-_MOST:]
    return tuple(f'{found.folder}/{name}' for name in newest)


def standings(
    store: base.Shelf, found: catalogue.Found
) -> dict[Key, verification.Standing]:
    """Return the verification standings of a set's backups, by resource.

    Backups that were never verified are left out.

    :raises TargetError: if the list would not be complete.
    """
    rows: dict[Key, list[tuple[str, verification.Row]]] = {}
    for one in read(store, found):
        for row in one.rows:
            rows.setdefault((row.kind, row.id), []).append(
                (one.verified_at, row)
            )
    return {key: verification.standing(every) for key, every in rows.items()}


def of_entry(
    known: dict[Key, verification.Standing], entry: manifests.Entry
) -> verification.Standing:
    """Return the standing of a backup; a default one if never verified.

    :param known: the result of :func:`standings`.
    """
    key = (entry.resource.kind.value, entry.resource.id)
    return known.get(key, verification.Standing())


def _order(path: str) -> tuple[str, int]:
    """Return the sort key of a path: its time, then its number."""
    stamp, _, number = path.removesuffix('.json').partition('-')
    return stamp, int(number or 0)


def _documents(
    files: base.Files, run: str, names: Iterable[str]
) -> Iterator[verification.Verification]:
    for name in names:
        try:
            found = documents.decode(
                base.read_whole(files, name, documents.LARGEST + 1),
                verification.Verification,
                f'result of a verification {files.name}/{name}',
            )
        except (errors.TargetError, errors.DocumentError):
            continue
        if found.run == run:
            yield found


def _new_path(store: base.Shelf, found: catalogue.Found, stamp: str) -> str:
    """Return a path that does not exist yet."""
    paths = (
        f'{found.folder}/{layout.verified_file(stamp, number)}'
        for number in itertools.count()
    )
    return next(path for path in paths if store.stat(path) is None)


def _program_version() -> str:
    try:
        return metadata.version(manifests.PROGRAM)
    except metadata.PackageNotFoundError:
        return 'unknown'
