# SPDX-License-Identifier: Apache-2.0
"""Hashing beside reading and writing."""

import collections
from collections.abc import Iterable
from concurrent import futures
import hashlib

# Blocks that may wait for the hashing thread: enough that reading and
# hashing seldom wait for each other, little enough for any machine.
_WAITING = 4


def supported(algorithm: str) -> bool:
    """Tell whether this Python can make a digest of that name."""
    try:
        return hashlib.new(algorithm, usedforsecurity=False).digest_size > 0
    except (TypeError, ValueError):
        return False


class Hasher:
    """Hashes blocks in their order, in one thread of its own.

    hashlib lets other threads run while it hashes a large block.

    :param algorithms: hashlib's names, see :func:`supported`.
    """

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False)
            for name in algorithms
        }
        self._thread = futures.ThreadPoolExecutor(1, 'hasher')
        self._waiting: collections.deque[futures.Future[None]] = (
            collections.deque()
        )

    def update(self, block: bytes) -> None:
        """Take the next block; wait while too many are not hashed yet."""
        if len(self._waiting) == _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._hash, block))

    def digests(self) -> dict[str, str]:
        """Give the digests of all blocks so far.

        :returns: hexadecimal, by algorithm.
        """
        while self._waiting:
            self._waiting.popleft().result()
        return {
            name: hash_.hexdigest() for name, hash_ in self._hashes.items()
        }

    def close(self) -> None:
        """End the thread, whatever still waits."""
        self._thread.shutdown(cancel_futures=True)

    def _hash(self, block: bytes) -> None:
        for hash_ in self._hashes.values():
            hash_.update(block)
