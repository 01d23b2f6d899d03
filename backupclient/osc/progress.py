# SPDX-License-Identifier: Apache-2.0
"""Print the progress of a run, always to stderr.

A terminal shows a line for each resource that is worked on. Otherwise, such as
in a cron mail, there is a plain line for each step. Each step is also logged,
which ``--verbose`` shows.
"""

from collections.abc import Iterator
import contextlib
import logging
import re
import sys
import threading
import time

from backupclient.model import events
from backupclient.model import resources
from backupclient.model import results
from backupclient.osc import base
from backupclient.osc import display
from backupclient.osc import verbosity

LOG = logging.getLogger(__name__)

_EVERY = 30.0
"""Seconds between two plain lines about the bytes of one download."""

_RUN_ID = re.compile(r'Run \S+(?:, resumed)?')
"""The message with the ID of the run, the first one of a run."""


@contextlib.contextmanager
def reporter(how: verbosity.Verbosity) -> Iterator[events.Reporter]:
    """Return the reporter for this stderr and verbosity."""
    if how.verbose:
        yield Logged(events.Silent())
    elif how.quiet:
        yield Logged(Quiet())
    elif not sys.stderr.isatty():
        yield Logged(Lines())
    else:
        from backupclient.osc import live

        with live.Live() as shown:
            yield Logged(shown)


class Quiet(events.Silent):
    """Prints only warnings; the command prints failures at its end."""

    def warn(self, text: str) -> None:
        """Print a warning."""
        base.say(text)

    def leave(self, text: str) -> None:
        """Print the last message before quitting."""
        base.say(text)


class Logged:
    """Writes each event to the log, and passes it on."""

    def __init__(self, inner: events.Reporter) -> None:
        self._inner = inner

    def say(self, text: str) -> None:
        """Log and pass on a message about the whole run."""
        _log(text)
        self._inner.say(text)

    def warn(self, text: str) -> None:
        """Log and pass on a warning."""
        _log(text)
        self._inner.warn(text)

    def leave(self, text: str) -> None:
        """Log and pass on the last message before quitting."""
        _log(text)
        self._inner.leave(text)

    def step(self, resource: resources.Resource, text: str) -> None:
        """Log and pass on that a step of a resource begins."""
        _log(f'{resource.label}: {text}')
        self._inner.step(resource, text)

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Pass on the bytes of the current step; too many events to log."""
        self._inner.progress(resource, done, total)

    def ended(self, outcome: results.Outcome) -> None:
        """Log and pass on the outcome of a resource."""
        _log(display.ending(outcome))
        self._inner.ended(outcome)

    def done(self, resource: resources.Resource, text: str) -> None:
        """Log and pass on the end of work without an outcome."""
        _log(f'{resource.label}: {text}')
        self._inner.done(resource, text)


def _log(text: str) -> None:
    """Log at level INFO, which OSC hides: the user has seen the text."""
    LOG.info('%s', display.sentence(text))


class Lines:
    """Prints a plain line for each event, which starts with the time.

    The line with the ID of the run has no time, since scripts read it: the ID
    itself shows the time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def say(self, text: str) -> None:
        """Print a message about the whole run."""
        timed = f'{time.strftime(verbosity.TIME)} {text}'
        with self._lock:
            base.say(text if _RUN_ID.fullmatch(text) else timed)

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(text)

    def leave(self, text: str) -> None:
        """Print the last message before quitting."""
        self.say(text)

    def step(self, resource: resources.Resource, text: str) -> None:
        """Show that a step of a resource begins."""
        self._said[resource.id] = time.monotonic()
        self.say(f'{resource.label}: {text}')

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Print the bytes of the current step, every 30 seconds."""
        now = time.monotonic()
        if now - self._said.get(resource.id, now) >= _EVERY:
            self._said[resource.id] = now
            of = f' of {display.size(total)}' if total else ''
            self.say(f'{resource.label}: {display.size(done)}{of}')

    def ended(self, outcome: results.Outcome) -> None:
        """Show the outcome of a resource."""
        self.say(display.ending(outcome))

    def done(self, resource: resources.Resource, text: str) -> None:
        """Show that work on a resource without an outcome has ended."""
        self.say(f'{resource.label}: {text}')
