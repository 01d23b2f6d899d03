# SPDX-License-Identifier: Apache-2.0
"""Hash a stream in a thread, parallel to reading and writing."""

from collections.abc import Iterable
import hashlib
import queue
import threading

# Blocks that may wait for the hashing thread: enough that reading and hashing
# seldom wait for each other, and little memory.
_WAITING = 4


def supported(algorithm: str) -> bool:
    """Return whether this Python has a hash algorithm.

    Algorithms with a variable length of the digest, such as ``shake_128``, do
    not count.
    """
    try:
        return hashlib.new(algorithm, usedforsecurity=False).digest_size > 0
    except (TypeError, ValueError):
        return False


class Hasher:
    """Hashes blocks in their order, in a thread of its own.

    hashlib releases Python's global lock while it hashes a large block.
    Between two blocks the hashing thread holds the lock only briefly, because
    SimpleQueue is written in C: futures instead of queues take a quarter more
    time. Call :meth:`close` at the end.

    :param algorithms: hashlib's names, see :func:`supported`.
    """

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = {
            name: hashlib.new(name, usedforsecurity=False)
            for name in algorithms
        }
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(_WAITING):
            self._permits.put(None)
        self._failure: BaseException | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name='hasher')
        self._thread.start()

    def update(self, block: bytes) -> None:
        """Take the next block; wait if too many blocks are not hashed yet."""
        self._permits.get()
        self._blocks.put(block)
        self._require_sound()

    def digests(self) -> dict[str, str]:
        """Wait until all blocks so far are hashed, and return the digests.

        :returns: hexadecimal, by algorithm.
        """
        for _ in range(_WAITING):
            self._permits.get()
        for _ in range(_WAITING):
            self._permits.put(None)
        self._require_sound()
        return {
            name: hash_.hexdigest() for name, hash_ in self._hashes.items()
        }

    def close(self) -> None:
        """End the thread; blocks that still wait are not hashed."""
        self._closed = True
        self._blocks.put(None)
        self._thread.join()

    def _run(self) -> None:
        hashes = tuple(self._hashes.values())
        while (block := self._blocks.get()) is not None:
            try:
                if not self._closed:
                    for hash_ in hashes:
                        hash_.update(block)
            except BaseException as error:
                # Hash nothing from now on; the next call of update() or
                # digests() raises the error.
                self._failure = self._failure or error
                self._closed = True
            self._permits.put(None)

    def _require_sound(self) -> None:
        if self._failure is not None:
            raise self._failure
