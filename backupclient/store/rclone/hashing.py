# SPDX-License-Identifier: Apache-2.0
"""Whether a storage system has kept what rclone was fed.

A hash that the storage system computes itself is compared, where there is one
and the file has it: a large file in S3, in several parts, has none. Else the
file is read back.
"""

import hashlib

from backupclient import errors
from backupclient.store import base
from backupclient.store.rclone import streams

# Those of rclone that hashlib has too, the best first.
_KNOWN = ('sha512', 'sha256', 'sha1', 'md5')
_OWN = 'sha512'


def algorithm(of_remote: tuple[str, ...]) -> str:
    """Return the hash by which files are compared.

    :param of_remote: the hashes of the remote, by rclone's names.
    """
    return next((one for one in _KNOWN if one in of_remote), _OWN)


def new(name: str) -> streams.Hash:
    """Return a new hash."""
    return hashlib.new(name, usedforsecurity=False)


def read_back(stream: streams.Stream, name: str) -> str:
    """Return the hash of a file that is read."""
    found = new(name)
    buffer = bytearray(base.BLOCK)
    while count := stream.read_into(buffer):
        found.update(memoryview(buffer)[:count])
    return found.hexdigest()


def require_same(
    place: str, name: str, written: tuple[int, str], found: tuple[int, str]
) -> None:
    """Raise TargetError if a file is not what was written.

    :param place: of the file, for the message.
    :param written: the size and the hash; so is ``found``.
    """
    if written == found:
        return
    wrong = f'its {name} is another'
    if written[0] != found[0]:
        wrong = f'it has {found[0]:,} bytes instead of {written[0]:,}'
    raise errors.TargetLost(
        f'{place} was not kept as it was written: {wrong}. It was taken away.'
    )
