# SPDX-License-Identifier: Apache-2.0
"""Snapshots, and the tags that mark those of this program."""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import datetime
import enum
import json
import re
from typing import Any

from backupclient import errors
from backupclient.store import base

OWN = 'backupclient'
ID_LENGTH = 8
"""The number of digits of an ID in tags and in the output of restic."""

_DATA = re.compile(r'(volume|server|image|secret)s/([^/.]+)\.[^/]+')
_KEY = re.compile(r'keys/([a-z]+)-([^/.]+)\.[^/]+')
_ID = re.compile(r'[0-9a-f]{8,64}')
_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)


class Holds(enum.StrEnum):
    """The content of a snapshot of this program, recorded in a tag."""

    DATA = 'data'
    """One file with data, or a key."""
    NOTE = 'note'
    """One small file beside the data, such as a marker."""
    BUNDLE = 'files'
    """Small files of a run, the manifest perhaps among them."""
    DELETED = 'deleted'
    """No file of the set: its tags name snapshots that do not count."""


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that this program has made.

    :param id: the first digits of its ID, as in tags.
    :param run: the folder of its files in the store.
    :param path: the path of its file in that folder, ``''`` for a bundle.
    :param size: the size of its file in bytes, None if no tag has it.
    :param manifest: the size of the manifest in it, None without a manifest.
    :param others: the IDs of the other snapshots that its manifest lists, or
        that do not count if it is ``DELETED``.
    """

    id: str
    time: datetime.datetime
    run: str
    holds: Holds
    path: str = ''
    size: int | None = None
    manifest: int | None = None
    others: frozenset[str] = frozenset()

    @property
    def is_bundle(self) -> bool:
        """True if small files share the snapshot."""
        return self.holds is Holds.BUNDLE


def holds(path: str) -> Holds:
    """Return the content of a file's own snapshot, by the file's path."""
    is_data = _DATA.fullmatch(path) or _KEY.fullmatch(path)
    return Holds.DATA if is_data else Holds.NOTE


def of_file(run: str, path: str, size: int | None) -> list[str]:
    """Return the tags for the snapshot of a single file."""
    found = _DATA.fullmatch(path) or _KEY.fullmatch(path)
    tags = [OWN, f'run={run}']
    if found:
        tags += [f'{found[1]}={found[2]}']
        tags += ['key'] if _KEY.fullmatch(path) else []
    tags.append(holds(path))
    return [*tags, *([] if size is None else [f'size={size}'])]


def of_bundle(
    run: str, manifest: int | None, others: Iterable[str]
) -> list[str]:
    """Return the tags for a bundle.

    :param manifest: the size of the manifest in it, None without a manifest.
    :param others: the IDs of the snapshots that the manifest lists.
    """
    tags = [OWN, f'run={run}', Holds.BUNDLE]
    if manifest is not None:
        tags.append(f'manifest={manifest}')
    return [*tags, *(f'with={each}' for each in sorted(others))]


def of_deletion(run: str, others: Iterable[str]) -> list[str]:
    """Return the tags for a snapshot that makes others not count."""
    without = (f'without={each}' for each in sorted(others))
    return [OWN, f'run={run}', Holds.DELETED, *without]


def parse(output: bytes) -> Iterator[Snapshot]:
    """Yield the snapshots of this program in ``restic snapshots --json``.

    :raises ValueError: if the output is not a list of snapshots.
    """
    found = json.loads(output or b'null') or []
    if not isinstance(found, list):
        raise ValueError('not a list')
    for each in found:
        snapshot = _snapshot(each)
        if snapshot is not None:
            yield snapshot


def _snapshot(found: Mapping[str, Any]) -> Snapshot | None:
    """Return a snapshot of a list, None if it is not this program's."""
    tags = [str(tag) for tag in found.get('tags') or ()]
    values = dict(tag.split('=', 1) for tag in tags if '=' in tag)
    held = next((each for each in Holds if each in tags), None)
    if OWN not in tags or 'run' not in values or held is None:
        return None
    one_file = held in (Holds.DATA, Holds.NOTE)
    path = _path(found.get('paths') or ()) if one_file else ''
    if path is None or not _ID.fullmatch(str(found['id'])):
        return None
    return Snapshot(
        str(found['id'])[:ID_LENGTH],
        datetime.datetime.fromisoformat(found['time']).astimezone(
            datetime.UTC
        ),
        values['run'],
        held,
        path,
        _number(values.get('size')),
        _number(values.get('manifest')),
        frozenset(
            tag.partition('=')[2]
            for tag in tags
            if tag.startswith(('with=', 'without='))
        ),
    )


def _path(paths: Iterable[Any]) -> str | None:
    """Return the path of a file in its folder, None if it cannot be one."""
    path = ' '.join(map(str, paths)).removeprefix('/')
    try:
        base.parts(path)
    except errors.TargetError:
        return None
    return path


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def entries(output: bytes, start: str) -> Iterator[base.Entry]:
    """Yield the files of a snapshot from the output of ``restic ls --json``.

    :param start: the beginning of their paths.
    :raises ValueError: if the output is not a list of files.
    """
    for line in output.splitlines():
        found = json.loads(line)
        if found.get('struct_type') == 'node' and found['type'] != 'dir':
            yield base.Entry(
                start + str(found['path']).removeprefix('/'),
                int(found.get('size', 0)),
                _EPOCH,
                plain=found['type'] == 'file',
            )
