# SPDX-License-Identifier: Apache-2.0
"""A clock that jumps: nobody waits for it."""

import datetime
import threading

from backupclient import clocks

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class FakeClock(clocks.SystemClock):
    """Has a real stop.

    :param stop_at: it is stopped during that sleep, counted from 1.
    """

    def __init__(self, stop_at: int = 0) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._stop_at = stop_at
        self.pauses: list[float] = []

    @property
    def slept(self) -> float:
        return sum(self.pauses)

    def monotonic(self) -> float:
        return self.slept

    def now(self) -> datetime.datetime:
        return START + datetime.timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.pauses.append(seconds)
            if len(self.pauses) == self._stop_at:
                self.stop.ask()
        self.stop.check()
