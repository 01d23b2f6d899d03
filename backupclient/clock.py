# SPDX-License-Identifier: Apache-2.0
"""Time that tests can replace, and the wish to stop."""

from collections.abc import Iterator
import contextlib
import datetime
import threading
import time
from typing import Protocol

from backupclient import errors


class Clock(Protocol):
    """What waits and stamps need to know of the time."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises Interrupted: when the run was asked to stop.
        """

    def check(self) -> None:
        """Do nothing, unless the run was asked to stop.

        :raises Interrupted: then.
        """

    def shielded(self) -> contextlib.AbstractContextManager[None]:
        """In this thread, go on even when asked to stop: to undo."""


class SystemClock:
    """The real time; :meth:`stop` wakes all who sleep on it."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._undoing = threading.local()

    def monotonic(self) -> float:
        """Seconds, for durations."""
        return time.monotonic()

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""
        return datetime.datetime.now(datetime.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, but not when asked to stop."""
        if self._is_shielded():
            time.sleep(seconds)
        else:
            self._stopped.wait(seconds)
        self.check()

    def check(self) -> None:
        """Raise when asked to stop."""
        if self._stopped.is_set() and not self._is_shielded():
            raise errors.Interrupted('The run was asked to stop.')

    def stop(self) -> None:
        """Ask everyone who uses this clock to stop."""
        self._stopped.set()

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """In this thread, go on even when asked to stop: to undo."""
        before = self._is_shielded()
        self._undoing.now = True
        try:
            yield
        finally:
            self._undoing.now = before

    def _is_shielded(self) -> bool:
        return bool(getattr(self._undoing, 'now', False))
