# SPDX-License-Identifier: Apache-2.0
"""Reading a program's output in a thread, so that its pipe never fills."""

import os
import select
import threading

_LINGER = 1.0
"""Seconds to wait for the end of the output after the end of a program."""
_NEXT = 0.1
"""Seconds in which the thread appends what it has read."""


class Tail:
    """The end of the output that comes from a pipe.

    :param pipe: the descriptor of its reading end.
    :param most: the number of bytes to keep.
    """

    def __init__(self, pipe: int, most: int) -> None:
        # Copies, so that the thread can read on when the caller has closed
        # its descriptor, and the caller can look when the thread has ended.
        self._pipe = os.dup(pipe)
        self._seen = os.dup(pipe)
        self._most = most
        self._kept = bytearray()
        self._lost = False
        self._thread = threading.Thread(
            target=self._run, name='output', daemon=True
        )
        self._thread.start()

    @property
    def is_whole(self) -> bool:
        """True if no part of the output was dropped."""
        return not self._lost

    def end(self) -> bytes:
        """Return the output; call it once, after the program has ended.

        A process that the program has started may keep the pipe open. The
        caller does not wait for that process, but reads all that is in the
        pipe, however slow the machine is.
        """
        self._thread.join(_LINGER)
        while self._thread.is_alive():
            unread, _, _ = select.select([self._seen], (), (), 0)
            self._thread.join(_NEXT)
            if not unread:
                break
        os.close(self._seen)
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
