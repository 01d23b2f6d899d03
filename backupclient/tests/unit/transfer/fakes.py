# SPDX-License-Identifier: Apache-2.0
"""A service that gives bytes, well or badly, and a clock without waits."""

from collections.abc import Iterator
import contextlib
import dataclasses
import datetime
import hashlib

from backupclient import errors
from backupclient import stops
from backupclient.transfer import comparison


class Clock:
    """Counts the seconds slept; can be told to stop after some checks."""

    def __init__(self, checks: int | None = None) -> None:
        self.slept = 0.0
        self.stop = Stop(checks)

    def monotonic(self) -> float:
        return self.slept

    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Stop(stops.Stop):
    """Is asked to stop after some checks."""

    def __init__(self, checks: int | None) -> None:
        super().__init__()
        self._checks = checks

    def check(self) -> None:
        if self._checks is not None:
            if not self._checks:
                self.ask()
            self._checks -= 1
        super().check()


@dataclasses.dataclass(frozen=True)
class Answer:
    """How the service answers once.

    :param status: refuses with it, 0 answers.
    :param to_ranges: it refuses only a request with a range.
    :param ranges: honours a range, or gives everything.
    :param shift: begins so much behind the range that was asked for.
    :param length: breaks after so many bytes, None gives all.
    :param silent: a break looks like the end.
    """

    status: int = 0
    to_ranges: bool = False
    ranges: bool = True
    shift: int = 0
    length: int | None = None
    silent: bool = False


class Opened:
    def __init__(self, data: bytes, start: int, answer: Answer, read: int):
        self.start = start
        self._answer = answer
        self._read = read
        self._at = start
        self._end = len(data)
        if answer.length is not None:
            self._end = min(len(data), start + answer.length)
        self._data = data

    def read(self, size: int, /) -> bytes:
        begin, self._at = (
            self._at,
            min(self._end, self._at + min(size, self._read)),
        )
        if begin == self._end < len(self._data) and not self._answer.silent:
            raise errors.AnswerLost('broken')
        return self._data[begin : self._at]


class Source:
    """Plays the answers, the last one for ever.

    :param read: the most that one read gives.
    """

    def __init__(self, data: bytes, *answers: Answer, read: int = 1 << 20):
        self.asked: list[int] = []
        self.open_now = 0
        self._data = data
        self._answers = answers or (Answer(),)
        self._read = read

    @contextlib.contextmanager
    def open(self, offset: int, /) -> Iterator[Opened]:
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(offset)
        if answer.status and (offset or not answer.to_ranges):
            raise errors.CloudError('refused', answer.status)
        start = offset + answer.shift if offset and answer.ranges else 0
        self.open_now += 1
        try:
            yield Opened(self._data, start, answer, self._read)
        finally:
            self.open_now -= 1


def expected(data: bytes, algorithm: str = 'sha512') -> comparison.Expected:
    """Give what Glance says of an image with these bytes."""
    return comparison.Expected(
        len(data), algorithm, hashlib.new(algorithm, data).hexdigest()
    )


def ignore(done: int, total: int | None) -> None:
    """Hear progress and do nothing."""
