# SPDX-License-Identifier: Apache-2.0
"""What our commands have in common: exit codes, and talk on stderr."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
import contextlib
import logging
import signal
import sys
from typing import Any

from osc_lib.command import command

from backupclient import errors
from backupclient.osc import display
from backupclient.osc import streams

Table = tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]
"""What a Lister gives: the names of the columns, and the rows."""

LOG = logging.getLogger(__name__)


class ExitCodes(command.Command):
    """A command with an exit code that tells how it went.

    cliff's own end with 0 whenever they have something to show.
    """

    exit_code = 0
    epilogue: Sequence[str] = ()
    """What is said after the output, on stderr."""

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Give the names of the columns that the output will have."""
        raise NotImplementedError

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, print its output, and give its exit code.

        The exit code tells of the work, also where nobody takes the output.
        """
        with streams.lasting(self.app) as stdout, _interrupted_by_signals():
            try:
                self._require_columns(parsed_args)
                super().run(parsed_args)
            except errors.BackupError as exc:
                LOG.debug('The command failed', exc_info=True)
                say(str(exc))
                return exc.exit_code
            except KeyboardInterrupt:
                if sys.stderr.isatty():
                    # The terminal has written ^C to where the cursor was.
                    say('')
                say('Interrupted.')
                return errors.Interrupted.exit_code
            stdout.flush()
            if stdout.failure:
                say(f'The output could not be written: {stdout.failure}.')
            for line in self.epilogue:
                say(line)
        return self.exit_code

    def _require_columns(self, parsed_args: argparse.Namespace) -> None:
        """Refuse an output without any column, before anything is done."""
        wanted, known = parsed_args.columns, self.column_names(parsed_args)
        if wanted and not set(wanted) & set(known):
            raise errors.UsageError(
                f'No column is called {" or ".join(wanted)}. There are: '
                f'{", ".join(known)}.'
            )


class Lister(ExitCodes, command.Lister):
    """A list of rows."""

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Any, data: Any
    ) -> int:
        """Show the rows; no text in them does anything to a terminal.

        A table without rows is nothing, not even an empty line.
        """
        rows = [display.cells(row) for row in data]
        if not rows and parsed_args.formatter == 'table':
            return 0
        return int(super().produce_output(parsed_args, column_names, rows))


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let signals that end a process do the same as Ctrl-C."""
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(text: str) -> None:
    """Talk to the person: stdout is only for data.

    The text may hold names from the cloud.
    """
    print(display.sentence(text), file=sys.stderr, flush=True)
