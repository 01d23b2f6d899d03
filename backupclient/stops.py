# SPDX-License-Identifier: Apache-2.0
"""The request to stop the program, and threads that may ignore it."""

from collections.abc import Iterator
import contextlib
import threading
import time

from backupclient import errors


class Stop:
    """A request to stop. Thread-safe.

    The request cannot be withdrawn. A thread that undoes its work can be
    shielded from it.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._undoing = threading.local()

    def ask(self) -> None:
        """Ask all threads to stop, and wake the waiting ones."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """True after the request, also in a shielded thread."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Interrupted if this thread is to stop.

        :raises Interrupted: after the request, unless it is shielded.
        """
        if self.asked and not self._is_shielded():
            raise errors.Interrupted('The run was asked to stop.')

    def wait(self, seconds: float) -> None:
        """Wait for some seconds.

        :raises Interrupted: as soon as this thread is to stop.
        """
        if self._is_shielded():
            time.sleep(seconds)
        else:
            self._asked.wait(seconds)
        self.check()

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Shield this thread from the request, so that it can undo."""
        before = self._is_shielded()
        self._undoing.now = True
        try:
            yield
        finally:
            self._undoing.now = before

    def _is_shielded(self) -> bool:
        return bool(getattr(self._undoing, 'now', False))
