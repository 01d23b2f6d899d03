# SPDX-License-Identifier: Apache-2.0
"""Run a program on files that may be malicious."""

from collections.abc import Sequence
import dataclasses
import subprocess
import tempfile
import time

from backupclient import stops

_PAUSE = 0.05
"""Seconds between two checks for a request to stop."""

_MOST_SAID = 200
"""Bytes of the standard error that are returned."""

_BLOCK = 512
"""Bytes: the unit of ``ulimit -f`` in ``sh`` (POSIX)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """The resource limits of a program.

    :param memory_kib: the address space in KiB.
    :param seconds: the processor time, and the time by the clock.
    :param written: the largest size of a written file, in bytes.
    """

    memory_kib: int
    seconds: int
    written: int

    @property
    def script(self) -> str:
        """The shell commands that set the limits, then execute the program."""
        return (
            f'ulimit -v {self.memory_kib} && ulimit -t {self.seconds} && '
            f'ulimit -f {-(-self.written // _BLOCK)} && exec "$@"'
        )


def run(
    command: Sequence[str],
    files: Sequence[int],
    limits: Limits,
    stop: stops.Stop,
) -> tuple[int, str]:
    """Run a program to its end.

    It gets descriptors instead of paths, and an environment without the
    variables of this process.

    :param command: the words of the command. None may come from a backup set.
    :param files: the descriptors that it inherits, as ``/dev/fd/<number>``.
    :returns: its exit code, negative if it was killed, and the beginning of
        its standard error.
    :raises Interrupted: if this thread is to stop.
    """
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - no word is of the set
            ['/bin/sh', '-c', limits.script, 'sh', *command],
            env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=tuple(files),
            start_new_session=True,
        )
        try:
            code = _wait(child, limits.seconds, stop)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        said.seek(0)
        return code, said.read(_MOST_SAID).decode(errors='replace').strip()


def _wait(
    child: subprocess.Popen[bytes], seconds: int, stop: stops.Stop
) -> int:
    """Wait for a program until its time is over.

    :returns: its exit code; -1 if its time is over and it still runs.
    :raises Interrupted: if this thread is to stop.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return child.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            stop.check()
    return -1
