# SPDX-License-Identifier: Apache-2.0
"""Reading a program's output in a thread, so that its pipe never fills."""

import os
import threading

_LINGER = 1.0
"""Seconds to wait for output after the end of a program."""


class Tail:
    """The end of the output that comes from a pipe.

    :param pipe: the descriptor of its reading end.
    :param most: the number of bytes to keep.
    """

    def __init__(self, pipe: int, most: int) -> None:
        # A copy, so that the thread can read on when the caller has closed
        # its descriptor.
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
        """Return the output. To be called after the program has ended.

        A process that it has started may keep the pipe open. The caller does
        not wait for that process.
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
