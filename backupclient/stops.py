# SPDX-License-Identifier: Apache-2.0
"""Whether the program was asked to stop, and who goes on all the same."""

from collections.abc import Iterator
import contextlib
import threading
import time

from backupclient import errors


class Stop:
    """A request to stop. Used by all threads.

    Once it is asked for, it stays. A thread that undoes its work is shielded
    from it meanwhile.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._undoing = threading.local()

    def ask(self) -> None:
        """Ask everyone to stop, and wake those who wait."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """True when someone has asked, also for a shielded thread."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Interrupted if this thread is to stop.

        :raises Interrupted: it was asked to, and is not shielded.
        """
        if self.asked and not self._is_shielded():
            raise errors.Interrupted('The run was asked to stop.')

    def wait(self, seconds: float) -> None:
        """Wait, unless this thread is to stop.

        :raises Interrupted: as soon as it is.
        """
        if self._is_shielded():
            time.sleep(seconds)
        else:
            self._asked.wait(seconds)
        self.check()

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Let this thread go on even when asked to stop: to undo."""
        before = self._is_shielded()
        self._undoing.now = True
        try:
            yield
        finally:
            self._undoing.now = before

    def _is_shielded(self) -> bool:
        return bool(getattr(self._undoing, 'now', False))
