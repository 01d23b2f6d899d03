# SPDX-License-Identifier: Apache-2.0
"""How long to wait before the next look or try: one schedule for all.

The pauses are short at first, because most things are done in a second or
two, and grow by 30 %, so that a service in trouble is not flooded.
"""

from collections.abc import Iterator

_FIRST = 0.5
_GROWTH = 1.3
_LONGEST = 10.0


def growing() -> Iterator[float]:
    """Yield the seconds of each pause, without an end."""
    pause = _FIRST
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST)


def within(seconds: float) -> Iterator[float]:
    """Yield pauses until they add up to a number of seconds, or a bit more."""
    waited = 0.0
    for pause in growing():
        if waited >= seconds:
            return
        waited += pause
        yield pause
