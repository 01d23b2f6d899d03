# SPDX-License-Identifier: Apache-2.0
"""Hash the files of a set."""

from collections.abc import Callable
import hashlib

from backupclient import stops
from backupclient.store import base

Progress = Callable[[int], None]
"""A callback that receives the number of bytes hashed so far."""

# Large enough to keep the overhead of Python low, and small enough for the
# processor's caches.
_BLOCK = 1 << 20
_ZEROS = bytes(_BLOCK)


def sha512(
    files: base.Files,
    path: str,
    progress: Progress = lambda done: None,
    stop: stops.Stop | None = None,
) -> tuple[str, int]:
    """Hash a file. Its holes are hashed as zeros without reading them.

    Reading and hashing release Python's global lock, so that several threads
    can hash in parallel.

    :param stop: checked for each block.
    :returns: the digest in hexadecimal, and the number of hashed bytes.
    :raises TargetError: if the file cannot be read.
    :raises Interrupted: if the thread is asked to stop.
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
