# SPDX-License-Identifier: Apache-2.0
"""Merge the stripes over which LUKS spreads a key.

The key depends on each bit of the stripes, so that overwriting a few of them
destroys it.
"""

from backupclient.keys.luks import hashing


def merge(stripes: bytes, size: int, hash_name: str) -> bytes:
    """Return the key.

    :param stripes: a whole number of stripes, each as long as the key.
    :param size: the size of the key in bytes.
    :raises NotCheckable: if the hash is not available here.
    """
    last = len(stripes) - size
    block = bytes(size)
    for start in range(0, last, size):
        mixed = _xor(block, stripes[start : start + size])
        block = _diffuse(mixed, hash_name)
    return _xor(block, stripes[last:])


def _diffuse(block: bytes, hash_name: str) -> bytes:
    """Hash each digest-sized piece of a block, prefixed with its number."""
    step = hashing.size(hash_name)
    pieces = (
        hashing.digest(
            hash_name,
            number.to_bytes(4, 'big') + block[start : start + step],
        )[: len(block) - start]
        for number, start in enumerate(range(0, len(block), step))
    )
    return b''.join(pieces)


def _xor(left: bytes, right: bytes) -> bytes:
    mixed = int.from_bytes(left, 'big') ^ int.from_bytes(right, 'big')
    return mixed.to_bytes(len(left), 'big')
