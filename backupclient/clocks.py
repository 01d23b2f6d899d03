# SPDX-License-Identifier: Apache-2.0
"""Time that tests can replace."""

import datetime
import time
from typing import Protocol

from backupclient import stops


class Clock(Protocol):
    """What waits and stamps need to know of the time."""

    @property
    def stop(self) -> stops.Stop:
        """What cuts a sleep short."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises Interrupted: when this thread is to stop.
        """


class SystemClock:
    """The real time."""

    def __init__(self, stop: stops.Stop | None = None) -> None:
        self.stop = stop or stops.Stop()

    def monotonic(self) -> float:
        """Seconds, for durations."""
        return time.monotonic()

    def now(self) -> datetime.datetime:
        """The time in UTC, for stamps."""
        return datetime.datetime.now(datetime.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, unless this thread is to stop."""
        self.stop.wait(seconds)
