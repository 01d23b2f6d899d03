# SPDX-License-Identifier: Apache-2.0
"""The guard: a process between this program and a program that it calls.

The guard starts the called program in a session of its own and waits for it.
When this program asks for it, or dies, the guard ends the called program and
all processes of its session. So Ctrl-C reaches only this program, and no
process outlives it.

The stream that feeds the called program is a socket. The called program has
also inherited the feeding end of it. So, unlike a pipe, the stream does not
end when this program is killed: only this program can end it, and only when
all data were sent. The guard then interrupts the called program, which still
waits for data.

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
    """Run a program until it ends or must be ended.

    :param words: the descriptor from which a byte, or the end, asks for the
        program's end; the descriptor for the report; the descriptor that the
        program inherits (:data:`NO_STREAM` for none); the seconds from
        interrupting to killing it; the command.
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

    :returns: the ID of its process, which is also that of its session.
    """
    parent, libc = os.getpid(), _libc()
    # Python loses a signal that comes during a fork, so block it meanwhile.
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
            # If the guard is killed, the kernel interrupts the program.
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() == parent:
            os.execv(command[0], command)
    except OSError as error:
        os.write(2, f'It cannot be started: {error.strerror}\n'.encode())
    finally:
        os._exit(127)


def _libc() -> 'Any':
    """Return the C library, None if Python cannot call it."""
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError):
        return None


def _let_go(held: int) -> None:
    """Close the descriptors that only the program needs.

    :param held: the descriptor of the feeding end, or :data:`NO_STREAM`.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for own in range(3):
        os.dup2(nothing, own)
    if held != NO_STREAM:
        os.close(held)


def _woken_by_children() -> int:
    """Return a descriptor that becomes readable when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, _on_signal)
    return reading


def _on_signal(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python writes the number to the wakeup descriptor."""


def _wait(child: int, control: int, woken: int, grace: float) -> int:
    """Wait for the program, and end it on request.

    :param grace: the seconds from interrupting to killing it.
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
            # A byte is a request; the end means that the caller has died.
            watched.remove(control)
            deadline = time.monotonic() + grace
            # Interrupted, the program removes its lock. A suspended program
            # must be continued for that.
            _signal_group(child, signal.SIGINT)
            _signal_group(child, signal.SIGCONT)
    _end_session(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _has_ended(child: int) -> bool:
    """Return whether a child has ended, without releasing its process ID."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, child, how) is not None


def _end_session(session: int, number: int) -> None:
    """Signal all processes of a session.

    The program's helpers may be in process groups of their own.
    """
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
    """Signal the process group of a child.

    To be called before the child is waited for: its ID is still its own.
    """
    with contextlib.suppress(OSError):
        try:
            os.killpg(child, number)
        except ProcessLookupError:
            # The child was just forked and has no group of its own yet.
            os.kill(child, number)


if __name__ == '__main__':
    main(sys.argv[1:])
