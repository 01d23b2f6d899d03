# SPDX-License-Identifier: Apache-2.0
"""The pauses between two polls or retries: one schedule for all.

The pauses are short at first, because most requests finish in a second or
two. They grow by 30 %, so that a service in trouble is not flooded.
"""

from collections.abc import Iterator

_FIRST = 0.5
_GROWTH = 1.3
_LONGEST = 10.0


def growing() -> Iterator[float]:
    """Yield the length of each pause in seconds, without an end."""
    pause = _FIRST
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST)


def within(seconds: float) -> Iterator[float]:
    """Yield pauses until their sum reaches a number of seconds."""
    waited = 0.0
    for pause in growing():
        if waited >= seconds:
            return
        waited += pause
        yield pause
