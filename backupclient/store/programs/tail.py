# SPDX-License-Identifier: Apache-2.0
"""What a program prints, read beside all else so that it never waits."""

import os
import threading

_LINGER = 1.0
"""Seconds for output that comes behind the end of a program."""


class Tail:
    """The end of what comes out of a pipe.

    :param pipe: the descriptor.
    :param most: the bytes to keep.
    """

    def __init__(self, pipe: int, most: int) -> None:
        # Its own, so that it can be read longer than anybody waits.
        self._pipe = os.dup(pipe)
        self._most = most
        self._kept = bytearray()
        self._lost = False
        self._thread = threading.Thread(
            target=self._run, name='output', daemon=True
        )
        self._thread.start()

    @property
    def is_whole(self) -> bool:
        """True if nothing was dropped."""
        return not self._lost

    def end(self) -> bytes:
        """Return what has come, after the program has ended.

        Something that it started may hold the pipe for longer; nobody waits
        for that.
        """
        self._thread.join(_LINGER)
        return bytes(self._kept)

    def _run(self) -> None:
        try:
            while block := os.read(self._pipe, 1 << 16):
                self._kept += block
                if len(self._kept) > self._most:
                    self._lost = True
                    del self._kept[: -self._most]
        finally:
            os.close(self._pipe)
