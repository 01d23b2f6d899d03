# SPDX-License-Identifier: Apache-2.0
"""A limit on the total bytes per second of all transfers of a run."""

from collections.abc import Iterator
import contextlib
import dataclasses
import threading

from backupclient import clocks
from backupclient.transfer import sources

_BEHIND = 1.0
"""Seconds of unused rate that later transfers may use up."""


class Rate:
    """A rate limit. Thread-safe.

    :param limit: bytes per second.
    """

    def __init__(self, limit: float, clock: clocks.Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock.monotonic()

    def take(self, count: int) -> None:
        """Wait until ``count`` more bytes are within the limit.

        :raises Interrupted: if this thread is to stop.
        """
        with self._lock:
            now = self._clock.monotonic()
            self._free_at = max(self._free_at, now - _BEHIND)
            self._free_at += count / self._limit
            pause = self._free_at - now
        if pause > 0:
            self._clock.sleep(pause)


@dataclasses.dataclass(frozen=True, slots=True)
class _Opened:
    """A response whose bytes count for the limit."""

    opened: sources.Opened
    rate: Rate

    @property
    def start(self) -> int:
        return self.opened.start

    def read(self, size: int, /) -> bytes:
        block = self.opened.read(size)
        self.rate.take(len(block))
        return block


@dataclasses.dataclass(frozen=True, slots=True)
class Limited:
    """A source whose bytes count for a limit, also if read a second time."""

    source: sources.Source
    rate: Rate

    @contextlib.contextmanager
    def open(self, offset: int, /) -> Iterator[_Opened]:
        """Request the bytes from an offset to the end."""
        with self.source.open(offset) as opened:
            yield _Opened(opened, self.rate)
