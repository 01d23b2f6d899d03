# SPDX-License-Identifier: Apache-2.0
"""Run a program on files that somebody may have made to harm it."""

from collections.abc import Sequence
import dataclasses
import subprocess
import tempfile
import time

from backupclient import stops

_PAUSE = 0.05
_MOST_SAID = 200
_BLOCK = 512


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What a program may take.

    :param memory_kib: of address space.
    :param seconds: of processor time, and by the clock.
    :param written: the largest file that it may write, in bytes.
    """

    memory_kib: int
    seconds: int
    written: int

    @property
    def script(self) -> str:
        """What a shell does before it becomes the program."""
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

    It gets descriptors instead of paths, and none of our environment.

    :param command: no word of it may come from a backup set.
    :param files: the descriptors that it gets, as ``/dev/fd/<number>``.
    :returns: its exit code, negative if it was ended, and the beginning of
        what it said.
    :raises Interrupted: this thread is to stop.
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

    :returns: its exit code, negative if it was ended.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return child.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            stop.check()
    return -1
