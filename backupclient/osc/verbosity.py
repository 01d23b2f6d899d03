# SPDX-License-Identifier: Apache-2.0
"""``openstack --quiet``, ``--verbose`` and ``--log-file`` for our commands.

OSC shows no time on the terminal, and leaves out of a log file what it does
not show. Steps, waits and retries of a run are worth both.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import logging
from typing import TextIO

_OURS = 'backupclient'
TIME = '%Y-%m-%d %H:%M:%S'
"""As in OSC's log files: of the machine's own time zone."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verbosity:
    """How much a person wants to hear.

    :param level: OSC's: 0 with ``--quiet``, 1 as a rule, more with each
        ``--verbose``.
    """

    level: int

    @property
    def quiet(self) -> bool:
        """True when only errors are said."""
        return self.level < 1

    @property
    def verbose(self) -> bool:
        """True when the log is shown."""
        return self.level > 1

    @contextlib.contextmanager
    def logged(self) -> Iterator[None]:
        """While this lasts, our log has times, and a log file has all of it.

        All of it is what ``--verbose`` shows, also without that.
        """
        handlers = logging.getLogger().handlers
        files = [h for h in handlers if isinstance(h, logging.FileHandler)]
        with contextlib.ExitStack() as undo:
            for file in files:
                undo.enter_context(_forwarded(file))
            if self.verbose:
                for handler in handlers:
                    if type(handler) is logging.StreamHandler:
                        undo.enter_context(_timed(handler))
            yield


class _Forwarder(logging.Handler):
    """Passes on what another handler has too high a level for."""

    def __init__(self, other: logging.Handler) -> None:
        super().__init__(logging.INFO)
        self._other = other

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < self._other.level:
            self._other.handle(record)


@contextlib.contextmanager
def _forwarded(handler: logging.Handler) -> Iterator[None]:
    logger, forwarder = logging.getLogger(_OURS), _Forwarder(handler)
    logger.addHandler(forwarder)
    try:
        yield
    finally:
        logger.removeHandler(forwarder)


class _Timed(logging.Formatter):
    """Writes the time before our records; others stay as they are."""

    def __init__(self, handler: logging.StreamHandler[TextIO]) -> None:
        super().__init__('%(asctime)s %(message)s', TIME)
        self._other = handler.formatter or logging.Formatter()
        self._stream = handler.stream

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition('.')[0] != _OURS:
            return self._other.format(record)
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        from backupclient.osc import wrapping

        room = wrapping.columns(self._stream)
        return wrapping.said(super().formatMessage(record), room)


@contextlib.contextmanager
def _timed(handler: logging.StreamHandler[TextIO]) -> Iterator[None]:
    before = handler.formatter
    handler.setFormatter(_Timed(handler))
    try:
        yield
    finally:
        handler.setFormatter(before)
