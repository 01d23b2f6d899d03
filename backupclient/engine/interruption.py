# SPDX-License-Identifier: Apache-2.0
"""Handle Ctrl-C and similar signals: stop in order, then quit at once."""

from collections.abc import Callable, Iterator
import contextlib
import io
import os
import signal
import threading
from types import FrameType

from backupclient import clocks
from backupclient import errors
from backupclient.engine import faults
from backupclient.model import events

ASKED = (
    'Stopping: temporary resources are deleted first. Press Ctrl-C again to '
    'quit at once; temporary resources then stay.'
)
LEFT = (
    'Quit at once; temporary resources stay. "openstack backup {command} '
    '--resume {run}" deletes them and finishes the run. "openstack backup '
    'cleanup" only deletes them.'
)
LEFT_TRYING = (
    'Quit at once; temporary resources stay. "openstack backup cleanup" '
    'deletes them.'
)
_DEAF = (
    'Ctrl-C no longer stops this process; "kill -9 {pid}" ends it. Temporary '
    'resources then stay: "openstack backup cleanup" deletes them. {fault}'
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAREWELL = 1.0
"""Seconds for a message before the process ends: the terminal may be stuck.

Without them Python may end in the middle of a thread's write, and abort.
"""


@contextlib.contextmanager
def orderly(
    clock: clocks.SystemClock,
    reporter: events.Reporter,
    asked_text: str = ASKED,
    left_text: Callable[[], str] = lambda: LEFT.format(
        command='run', run='last'
    ),
) -> Iterator[None]:
    """Turn the first signal into a request to stop.

    The work under way then undoes its steps. The second signal ends the
    process at once; for a run, ``run --resume`` then cleans up and continues.
    A signal that was ignored, such as SIGHUP under ``nohup``, stays ignored.

    Call it from the main thread only.

    :param clock: its ``stop`` is asked at the first signal.
    :param asked_text: the message at the first signal.
    :param left_text: returns the message at the second signal.
    """

    def listen() -> None:
        with open(reading, 'rb', buffering=0) as pipe:
            if _wait_for_signal(pipe):
                clock.stop.ask()
                await_end = _in_thread(lambda: reporter.warn(asked_text))
                if _wait_for_signal(pipe):
                    _in_thread(lambda: reporter.leave(left_text()))()
                    os._exit(errors.Interrupted.exit_code)
                await_end()

    def listen_or_tell() -> None:
        try:
            listen()
        except Exception as exc:
            fault = faults.reason(exc, '', 'listening to signals')
            text = _DEAF.format(pid=os.getpid(), fault=fault)
            _in_thread(lambda: reporter.warn(text))()

    # Listen in a separate thread: a signal handler runs in the main thread,
    # which may hold a lock that the handler needs, or be stuck in a system
    # call.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    listener = threading.Thread(
        target=listen_or_tell, name='signals', daemon=True
    )
    listener.start()
    outer = signal.set_wakeup_fd(writing)
    before = {
        number: signal.signal(number, _on_signal)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(outer)
        os.close(writing)
        listener.join()


def _on_signal(number: int, frame: FrameType | None) -> None:
    """Do nothing: with a handler, Python sends the number to the pipe."""


def _wait_for_signal(pipe: io.RawIOBase) -> bool:
    """Wait for a signal.

    :returns: True after one; False when the pipe is closed.
    """
    while number := pipe.read(1):
        if number[0] in _SIGNALS:
            return True
    return False


def _in_thread(say: Callable[[], None]) -> Callable[[], None]:
    """Call a function in a thread, since a stuck terminal may block it.

    :returns: waits for its end, but not for long.
    """
    saying = threading.Thread(target=say)
    try:
        saying.start()
    except RuntimeError:
        # The system allows no more threads.
        say()
        return lambda: None
    return lambda: saying.join(_FAREWELL)
