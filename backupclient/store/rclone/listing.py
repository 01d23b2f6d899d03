# SPDX-License-Identifier: Apache-2.0
"""What ``rclone lsjson`` says of files and folders."""

from collections.abc import Iterator, Mapping
import datetime
import json
from typing import Any

from backupclient.store import base

_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)


def files(output: bytes, start: str) -> tuple[base.Entry, ...]:
    """Return the files of a list, sorted by path.

    :param start: of their paths in the store.
    :raises ValueError: the output is no list.
    """
    found = (
        entry(each, start + str(each['Path']))
        for each in _items(output)
        if not each['IsDir']
    )
    return tuple(sorted(found, key=lambda one: one.path))


def folders(output: bytes) -> tuple[str, ...]:
    """Return the names of the folders of a list, sorted.

    :raises ValueError: the output is no list.
    """
    return tuple(
        sorted(str(one['Name']) for one in _items(output) if one['IsDir'])
    )


def file(output: bytes, path: str) -> tuple[base.Entry, dict[str, str]] | None:
    """Return what ``--stat`` says of a file, and its hashes by algorithm.

    :returns: None for a folder. A storage system without folders has one of
        each name.
    :raises ValueError: the output is none of ``--stat``.
    """
    found = json.loads(output)
    if found is None or found['IsDir']:
        return None
    return entry(found, path), dict(found.get('Hashes') or {})


def entry(found: Mapping[str, Any], path: str) -> base.Entry:
    """Return a file of a list.

    A list and a single answer of the same file can differ in the fractions
    of its time: seconds are kept.
    """
    time = _EPOCH
    if found.get('ModTime'):
        time = datetime.datetime.fromisoformat(found['ModTime'])
    return base.Entry(
        path,
        # Of a document that has no size, as in Google Docs, it is -1.
        int(found['Size']),
        time.astimezone(datetime.UTC).replace(microsecond=0),
        plain=int(found['Size']) >= 0,
    )


def _items(output: bytes) -> Iterator[Mapping[str, Any]]:
    found = json.loads(output)
    if not isinstance(found, list):
        raise ValueError('not a list')
    yield from found
