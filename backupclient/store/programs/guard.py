# SPDX-License-Identifier: Apache-2.0
"""The process between this program and one that it calls.

It starts the program in a session of its own and waits for it. When this
program asks for that, or dies, it ends the program and all that the program
has started. So Ctrl-C reaches this program alone, and nothing outlives it.

The stream that feeds a program is a socket, and the program holds the other
end of it too, without knowing. So the stream does not end when somebody is
killed, as a pipe would: the end is an act of this program, for a stream that
is whole. The guard interrupts a program that still waits for it.

Run as ``python -I -S guard.py CONTROL REPORT HELD GRACE COMMAND...``: it is
one module, so that it starts in some ten milliseconds.
"""

import contextlib
import os
import select
import signal
import sys
import time
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_STREAM = -1
_PR_SET_PDEATHSIG = 1


def main(words: list[str]) -> None:
    """Run a program until it ends, or has to.

    :param words: the descriptor whose end is ours to give, the one that takes
        the report, the one that the program holds (:data:`NO_STREAM` for
        none), the seconds from interrupting to killing, the command.
    """
    control, report, held = (int(word) for word in words[:3])
    for own in (control, report):
        os.set_inheritable(own, False)
    woken = _woken_by_children()
    child = _start(words[4:])
    os.write(report, b'started %d\n' % child)
    _let_go(held)
    status = _wait(child, control, woken, float(words[3]))
    os.write(report, b'ended %d\n' % status)


def _start(command: list[str]) -> int:
    """Start the program.

    :returns: the number of its process, and of its session.
    """
    parent, libc = os.getpid(), _libc()
    # Python forgets a signal that comes while it forks: so it has to wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return child
    try:
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if libc is not None:
            # Should this guard be killed, the program is interrupted.
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() == parent:
            os.execv(command[0], command)
    except OSError as error:
        os.write(2, f'It cannot be started: {error.strerror}\n'.encode())
    finally:
        os._exit(127)


def _libc() -> 'Any':
    """Return the C library; on some systems there is no way to call it."""
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError):
        return None


def _let_go(held: int) -> None:
    """Close all that is the program's alone."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for own in range(3):
        os.dup2(nothing, own)
    if held != NO_STREAM:
        os.close(held)


def _woken_by_children() -> int:
    """Return a descriptor that can be read when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, _on_signal)
    return reading


def _on_signal(number: int, frame: FrameType | None) -> None:
    """Let the number go to the descriptor."""


def _wait(child: int, control: int, woken: int, grace: float) -> int:
    """Wait for the program, and end it when that is asked for.

    :returns: its exit code, or the negative number of the signal.
    """
    watched = [woken, control]
    deadline: float | None = None
    while not _has_ended(child):
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            _end_session(child, signal.SIGKILL)
            left = 1.0
        ready, _, _ = select.select(watched, (), (), left)
        if woken in ready:
            os.read(woken, 64)
        if control in ready:
            # A word, or the end: both mean that the program has to end.
            watched.remove(control)
            deadline = time.monotonic() + grace
            # It lets its lock go. One that was stopped does so as well.
            _signal_group(child, signal.SIGINT)
            _signal_group(child, signal.SIGCONT)
    _end_session(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _has_ended(child: int) -> bool:
    """Tell whether a child has ended; its number stays taken."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, child, how) is not None


def _end_session(session: int, number: int) -> None:
    """Signal all processes of a session, as helpers in groups of their own."""
    _signal_group(session, number)
    for process in _processes():
        with contextlib.suppress(OSError):
            if os.getsid(process) == session:
                os.kill(process, number)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir('/proc') if name.isdigit()]
    except OSError:
        return []


def _signal_group(child: int, number: int) -> None:
    """Signal the group of a child, which is not waited for yet."""
    with contextlib.suppress(OSError):
        try:
            os.killpg(child, number)
        except ProcessLookupError:
            # The child has been forked, and has no group of its own yet.
            os.kill(child, number)


if __name__ == '__main__':
    main(sys.argv[1:])
