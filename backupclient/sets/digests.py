# SPDX-License-Identifier: Apache-2.0
"""Hash the files of a set as fast as the processor can."""

from collections.abc import Callable
import hashlib

from backupclient import stops
from backupclient.store import base

Progress = Callable[[int], None]
"""Hears how many bytes are hashed so far."""

# Large enough that Python's part is small, and small enough for the caches.
_BLOCK = 1 << 20
_ZEROS = bytes(_BLOCK)


def sha512(
    files: base.Files,
    path: str,
    progress: Progress = lambda done: None,
    stop: stops.Stop | None = None,
) -> tuple[str, int]:
    """Hash a file. Its holes are hashed as zeros and not read.

    Other threads go on meanwhile: neither reading nor hashing holds Python's
    lock.

    :param stop: is looked at for each block.
    :returns: the digest in hexadecimal, and how many bytes were hashed.
    :raises TargetError: the file cannot be read.
    :raises Interrupted: the thread is to stop.
    """
    found = hashlib.sha512(usedforsecurity=False)
    block, zeros, done = memoryview(bytearray(_BLOCK)), memoryview(_ZEROS), 0
    with files.read(path) as stream:
        while True:
            if stop is not None:
                stop.check()
            if count := stream.pass_hole(_BLOCK):
                found.update(zeros[:count])
            elif count := stream.read_into(block):
                found.update(block[:count])
            else:
                return found.hexdigest(), done
            done += count
            progress(done)
