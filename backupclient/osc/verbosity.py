# SPDX-License-Identifier: Apache-2.0
"""``openstack --quiet``, ``--verbose`` and ``--log-file`` for our commands.

OSC prints no times on the terminal, and writes only messages to a log file
that it would print. For the steps, waits and retries of a run, this module
adds times, and writes all of them to the log file.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import logging
from typing import TextIO

_OURS = 'backupclient'
TIME = '%Y-%m-%d %H:%M:%S'
"""The format of OSC's log files, in the machine's time zone."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verbosity:
    """How much a user wants to see.

    :param level: the level of OSC: 0 with ``--quiet``, 1 by default, one more
        with each ``--verbose``.
    """

    level: int

    @property
    def quiet(self) -> bool:
        """True if only problems are printed."""
        return self.level < 1

    @property
    def verbose(self) -> bool:
        """True if the log is printed."""
        return self.level > 1

    @contextlib.contextmanager
    def logged(self) -> Iterator[None]:
        """Add times to our log, and write all of it to a log file.

        The log file then has the records that ``--verbose`` prints, even
        without that option.
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
    """Passes records to another handler that are below its level."""

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
    """Formats our records with the time; other records stay as they are."""

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
