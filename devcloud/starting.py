# SPDX-License-Identifier: Apache-2.0
"""Wait until started processes do their work, or see that one never will.

A process that dies is seen at once, whichever of them is asked just then.
So is a service that has given up inside of a process that lives on: its other
threads, or its parent, can keep that alive for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import dataclasses
import re
import threading
import time

from devcloud import processes
from devcloud.commands import Failed

_LINES = 8
_LONGEST = 300
_ERROR = re.compile(r'\b(?:ERROR|CRITICAL|FATAL|Traceback)\b|[Ee]rror\b')
# What oslo.log and oslo.service write when a service ends by an exception.
_GIVEN_UP = re.compile(r'CRITICAL .*Unhandled error|Error starting thread')


class GivenUp(Failed):
    """Not waited for, because something else failed."""


def wait_ready(
    checks: Mapping[str, Callable[[], bool]],
    failed: threading.Event,
    seconds: float = 120,
) -> None:
    """Wait until processes do their work, unless they did before.

    :param checks: by the processes' names, whether they do.
    :param failed: is set when something else failed.
    """
    waiting = {
        name: _Watch(name, check)
        for name, check in checks.items()
        if not _was_ready(name)
    }
    end = time.monotonic() + seconds
    while waiting:
        for name in (*waiting,):
            _require_healthy(waiting.values(), failed)
            if waiting[name].ready():
                processes.mark_ready(name)
                del waiting[name]
        if time.monotonic() > end and waiting:
            raise Failed(
                '\n'.join(
                    f'{name} is not ready after {seconds:.0f} s{_why(name)}'
                    for name in waiting
                )
            )
        time.sleep(0.1)


def _was_ready(name: str) -> bool:
    entry = processes.running(name)
    return bool(entry and entry.ready)


@dataclasses.dataclass
class _Watch:
    """A process that is waited for, and how far its log was read."""

    name: str
    ready: Callable[[], bool]

    def __post_init__(self) -> None:
        self._read = processes.log_begin(self.name)

    def has_given_up(self) -> bool:
        """Look at the lines that are new in the log."""
        lines, newline, _ = _printed(self.name, self._read).rpartition('\n')
        self._read += len((lines + newline).encode(errors='surrogateescape'))
        return bool(_GIVEN_UP.search(lines))


def _require_healthy(
    waiting: Iterable[_Watch], failed: threading.Event
) -> None:
    """Stop unless all that is waited for can still become ready."""
    for one in waiting:
        if not processes.running(one.name):
            how = processes.how_ended(one.name)
            raise Failed(f'{one.name} {how}{_why(one.name)}')
        if one.has_given_up():
            raise Failed(f'{one.name} does not start{_why(one.name)}')
    if failed.is_set():
        names = ' '.join(one.name for one in waiting)
        raise GivenUp(f'{names}: not waited for any more')


def _why(name: str) -> str:
    """Give the last errors that a process printed, and where the rest is."""
    printed = _printed(name, processes.log_begin(name)).splitlines()
    lines = [line for line in printed if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    shown = [line[:_LONGEST] for line in (errors or lines)[-_LINES:]]
    said = ''.join(f'\n    {line}' for line in shown)
    return f':{said}\n  all it said: {processes.log(name)}'


def _printed(name: str, begin: int) -> str:
    """Give what a process has printed, from a place in its log on."""
    try:
        with processes.log(name).open('rb') as file:
            file.seek(begin)
            return file.read().decode(errors='surrogateescape')
    except FileNotFoundError:
        return ''
