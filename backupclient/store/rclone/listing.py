# SPDX-License-Identifier: Apache-2.0
"""Parsing the output of ``rclone lsjson``."""

from collections.abc import Iterator, Mapping
import datetime
import json
from typing import Any

from backupclient.store import base

_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)


def files(output: bytes, start: str) -> tuple[base.Entry, ...]:
    """Return the files of a list, sorted by path.

    :param start: the beginning of their paths in the store: the folder that
        was listed, with ``/``.
    :raises ValueError: if the output is not a list.
    """
    found = (
        entry(each, start + str(each['Path']))
        for each in _items(output)
        if not each['IsDir']
    )
    return tuple(sorted(found, key=lambda one: one.path))


def folders(output: bytes) -> tuple[str, ...]:
    """Return the names of the folders of a list, sorted.

    :raises ValueError: if the output is not a list.
    """
    return tuple(
        sorted(str(one['Name']) for one in _items(output) if one['IsDir'])
    )


def file(output: bytes, path: str) -> tuple[base.Entry, dict[str, str]] | None:
    """Return the file in the output of ``--stat``, and its hashes by name.

    :returns: None for a folder. A storage system without folders reports a
        folder for every name.
    :raises ValueError: if the output is not JSON.
    """
    found = json.loads(output)
    if found is None or found['IsDir']:
        return None
    return entry(found, path), dict(found.get('Hashes') or {})


def entry(found: Mapping[str, Any], path: str) -> base.Entry:
    """Return a file of a list as an entry.

    Its time is cut to seconds: the fraction of a second can differ between a
    list and ``--stat``.
    """
    time = _EPOCH
    if found.get('ModTime'):
        time = datetime.datetime.fromisoformat(found['ModTime'])
    return base.Entry(
        path,
        # The size is -1 for a document without a size, as in Google Docs.
        int(found['Size']),
        time.astimezone(datetime.UTC).replace(microsecond=0),
        plain=int(found['Size']) >= 0,
    )


def _items(output: bytes) -> Iterator[Mapping[str, Any]]:
    found = json.loads(output)
    if not isinstance(found, list):
        raise ValueError('not a list')
    yield from found
