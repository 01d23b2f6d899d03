# SPDX-License-Identifier: Apache-2.0
"""A clock that tests can replace."""

import datetime
import time
from typing import Protocol

from backupclient import stops


class Clock(Protocol):
    """The source of time for waits and time stamps."""

    @property
    def stop(self) -> stops.Stop:
        """The request to stop, which interrupts a sleep."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""

    def sleep(self, seconds: float) -> None:
        """Wait for some seconds.

        :raises Interrupted: as soon as this thread is to stop.
        """


class SystemClock:
    """The clock of this machine."""

    def __init__(self, stop: stops.Stop | None = None) -> None:
        self.stop = stop or stops.Stop()

    def monotonic(self) -> float:
        """Seconds, for durations."""
        return time.monotonic()

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""
        return datetime.datetime.now(datetime.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for some seconds; raise Interrupted if it is to stop."""
        self.stop.wait(seconds)
