# SPDX-License-Identifier: Apache-2.0
"""Checking that a storage system has kept the bytes that rclone was fed.

The hash that the storage system has computed is compared. If it has no hash
of a file, the file is read back: for example, S3 has none of a large file that
was uploaded in several parts.
"""

import hashlib

from backupclient import errors
from backupclient.store import base
from backupclient.store.rclone import streams

# The hashes that both rclone and hashlib have, the best first.
_KNOWN = ('sha512', 'sha256', 'sha1', 'md5')
_OWN = 'sha512'


def algorithm(of_remote: tuple[str, ...]) -> str:
    """Return the name of the hash by which files are compared.

    :param of_remote: rclone's names of the hashes that the remote has.
    """
    return next((one for one in _KNOWN if one in of_remote), _OWN)


def new(name: str) -> streams.Hash:
    """Return a new hash."""
    return hashlib.new(name, usedforsecurity=False)


def read_back(stream: streams.Stream, name: str) -> str:
    """Read a file to its end and return its hash, in hexadecimal digits."""
    found = new(name)
    buffer = bytearray(base.BLOCK)
    while count := stream.read_into(buffer):
        found.update(memoryview(buffer)[:count])
    return found.hexdigest()


def require_same(
    place: str, name: str, written: tuple[int, str], found: tuple[int, str]
) -> None:
    """Raise TargetLost if a file differs from the written bytes.

    :param place: the place of the file, for the message.
    :param name: the name of the hash.
    :param written: the size and the hash of the written bytes.
    :param found: the size and the hash of the file.
    :raises TargetLost: if they differ.
    """
    if written == found:
        return
    wrong = f'its {name} is another'
    if written[0] != found[0]:
        wrong = f'it has {found[0]:,} bytes instead of {written[0]:,}'
    raise errors.TargetLost(
        f'{place} was not kept as it was written: {wrong}. It was taken away.'
    )
