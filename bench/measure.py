# SPDX-License-Identifier: Apache-2.0
"""Run a program and say what it took."""

from collections.abc import Mapping, Sequence
import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What one program took.

    :param wall: seconds from its start to its end.
    :param cpu: seconds of processor time, its own and the system's for it.
    :param memory: the most that was resident at one time, in bytes.
    """

    wall: float
    cpu: float
    memory: int


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a program to its end; what it prints is thrown away.

    :raises SystemExit: when it fails; what it said is on stderr.
    """
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        child = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            # At once: what cleans up may fail too, and hide this.
            print(' '.join(command), said.read().decode(), file=sys.stderr)
            sys.exit(child.returncode)
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss << 10)


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Give the median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def row(name: str, values: Sequence[float], unit: str) -> str:
    """Write a line: the median, and all values that it is of."""
    every = ' '.join(f'{value:.2f}' for value in values)
    return f'{name:32} {statistics.median(values):9.2f} {unit}   ({every})'
