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

ASKED = (
    'Stopping: what is temporary is taken away first. Once more to leave at '
    'once.'
)
LEFT = (
    'Left at once. What is temporary is still there: "openstack backup run '
    '--resume last" takes it away and goes on.'
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def orderly(
    clock: clock_.SystemClock,
    reporter: events.Reporter,
    asked_text: str = ASKED,
    left_text: str = LEFT,
) -> Iterator[None]:
    """While this lasts, the first signal only stops the clock.

    What is under way then undoes what it made. The second signal ends the
    process where it is: ``run --resume`` cleans up and goes on.

    :param asked_text: is said at the first signal.
    :param left_text: is said at the second.
    """
    asked = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            os.write(2, f'{left_text}\n'.encode())
            os._exit(errors.Interrupted.exit_code)
        asked.set()
        clock.stop()
        # In a thread of its own: the handler may have come in the middle of
        # a write to the same stream.
        threading.Thread(target=reporter.say, args=(asked_text,)).start()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
