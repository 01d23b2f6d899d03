# SPDX-License-Identifier: Apache-2.0
"""What a run tells while it goes on: always on stderr.

On a terminal a line for each resource that is worked on; elsewhere (a log, a
cron mail) a plain line for each step. The log has each step, too: it is what
``--verbose`` shows.
"""

from collections.abc import Iterator
import contextlib
import logging
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


@contextlib.contextmanager
def reporter(how: verbosity.Verbosity) -> Iterator[events.Reporter]:
    """Give the reporter that fits stderr and the person."""
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
    """Says what went wrong; what failed is said at the end."""

    def warn(self, text: str) -> None:
        """Tell what went wrong."""
        base.say(text)

    def leave(self, text: str) -> None:
        """Tell the last thing."""
        base.say(text)


class Logged:
    """Writes each event to the log, and passes it on."""

    def __init__(self, inner: events.Reporter) -> None:
        self._inner = inner

    def say(self, text: str) -> None:
        """Tell something about the whole run."""
        _log(text)
        self._inner.say(text)

    def warn(self, text: str) -> None:
        """Tell what went wrong."""
        _log(text)
        self._inner.warn(text)

    def leave(self, text: str) -> None:
        """Tell the last thing."""
        _log(text)
        self._inner.leave(text)

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""
        _log(f'{resource.label}: {text}')
        self._inner.step(resource, text)

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step: too many for a log."""
        self._inner.progress(resource, done, total)

    def ended(self, outcome: results.Outcome) -> None:
        """A resource is done with."""
        _log(display.ending(outcome))
        self._inner.ended(outcome)

    def done(self, resource: resources.Resource, text: str) -> None:
        """A resource is done with where there is no outcome."""
        _log(f'{resource.label}: {text}')
        self._inner.done(resource, text)


def _log(text: str) -> None:
    """Log at a level that is hidden: the person has been told."""
    LOG.info('%s', display.sentence(text))


class Lines:
    """A plain line for each event.

    When the work has begun, each has its time. What is said before belongs
    to the run's ID, which tells the time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}
        self._begun = False

    def say(self, text: str) -> None:
        """Tell something about the whole run."""
        now = f'{time.strftime(verbosity.TIME)} ' if self._begun else ''
        with self._lock:
            base.say(now + text)

    def warn(self, text: str) -> None:
        """Tell what went wrong."""
        self.say(text)

    def leave(self, text: str) -> None:
        """Tell the last thing."""
        self.say(text)

    def step(self, resource: resources.Resource, text: str) -> None:
        """A resource's next step begins."""
        self._begun = True
        self._said[resource.id] = time.monotonic()
        self.say(f'{resource.label}: {text}')

    def progress(
        self, resource: resources.Resource, done: int, total: int | None
    ) -> None:
        """Bytes of the current step, now and then."""
        now = time.monotonic()
        if now - self._said.get(resource.id, now) >= _EVERY:
            self._said[resource.id] = now
            of = f' of {display.size(total)}' if total else ''
            self.say(f'{resource.label}: {display.size(done)}{of}')

    def ended(self, outcome: results.Outcome) -> None:
        """A resource is done with."""
        self._begun = True
        self.say(display.ending(outcome))

    def done(self, resource: resources.Resource, text: str) -> None:
        """A resource is done with where there is no outcome."""
        self._begun = True
        self.say(f'{resource.label}: {text}')
