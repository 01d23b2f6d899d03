# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and its kin: once to end in order, twice to leave at once."""

from collections.abc import Iterator
import contextlib
import os
import signal
import threading
from types import FrameType

from backupclient import clock as clock_
from backupclient import errors
from backupclient.model import events

_LEFT = (
    b'Left at once. What is temporary is still there: "openstack backup run '
    b'--resume last" takes it away and goes on.\n'
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def orderly(
    clock: clock_.SystemClock, reporter: events.Reporter
) -> Iterator[None]:
    """While this lasts, the first signal only stops the clock.

    What is under way then undoes what it made. The second signal ends the
    process where it is: ``run --resume`` cleans up and goes on.
    """
    asked = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            os.write(2, _LEFT)
            os._exit(errors.Interrupted.exit_code)
        asked.set()
        clock.stop()
        # In a thread of its own: the handler may have come in the middle of
        # a write to the same stream.
        threading.Thread(
            target=reporter.say,
            args=(
                'Stopping: what is temporary is taken away first. Once more '
                'to leave at once.',
            ),
        ).start()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
