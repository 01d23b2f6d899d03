# SPDX-License-Identifier: Apache-2.0
"""The base classes of our commands: exit codes, tables, messages on stderr."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from osc_lib.command import command

from backupclient import errors
from backupclient.osc import columns
from backupclient.osc import display
from backupclient.osc import masking
from backupclient.osc import streams

if TYPE_CHECKING:
    from backupclient.operations import sessions
    from backupclient.osc import table
    from backupclient.osc import verbosity

Table = tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]
"""The result of a Lister: the names of the columns, and the rows."""

LOG = logging.getLogger(__name__)

_PROVIDED = 'This command is provided by the python-backupclient plugin.'
_TABLE = 'table'
_LINES = frozenset({'csv', 'shell', 'value'})
"""Formats that write each row as one line, or each field of one thing."""


def _not_empty(text: str) -> str:
    """Parse the value of an option.

    An empty value comes from a variable that is not set. It must not pass for
    an option that was not given: without ``--from``, ``prune`` deletes in the
    cloud.
    """
    if not text:
        raise argparse.ArgumentTypeError(
            'it is empty. Leave the option out, or give a value'
        )
    return text


class ExitCodes(command.Command):
    """A command with an exit code for its result.

    cliff's own commands exit with 0 whenever they have output.
    """

    exit_code = 0
    auth_required = True
    only_shows = False
    """True for a command that never does more than show its output."""

    problems: Sequence[str] = ()
    """Sentences about problems, printed to stderr after the output."""

    epilogue: Sequence[str] = ()
    """Lines to print to stderr after these, unless with ``--quiet``."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser, with the command's options before the output's.

        Commands add their options in :meth:`add_options`.
        """
        from backupclient.osc import help_text

        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        theirs = frozenset(map(id, parser._actions))
        with help_text.own_options_first(parser):
            self.add_options(parser)
        for action in parser._actions:
            if id(action) not in theirs and action.type is None:
                action.type = _not_empty
        return parser

    def get_epilog(self) -> str:
        """Return the end of the help: hooks, and whose command this is.

        cliff reads the metadata of all installed distributions to find our
        name, at each start, and not only for the help.
        """
        hooks = (hook.obj.get_epilog() for hook in self._hooks if hook.obj)
        return '\n\n'.join([*filter(None, hooks), _PROVIDED])

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        raise NotImplementedError

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns that the output will have."""
        raise NotImplementedError

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, print its output, and return its exit code.

        The exit code is that of the work, even if the output is lost.
        """
        with (
            streams.lasting(self.app) as stdout,
            _interrupted_by_signals(),
            self.verbosity.logged(),
        ):
            try:
                masking.of(self.log)
                self._require_columns(parsed_args)
                super().run(parsed_args)
            except errors.BackupError as exc:
                LOG.debug('The command failed', exc_info=True)
                say(str(exc))
                return exc.exit_code
            except KeyboardInterrupt:
                if sys.stderr.isatty():
                    # The terminal has printed ^C: start a new line.
                    say('')
                say('Interrupted.')
                return errors.Interrupted.exit_code
            stdout.flush()
            self._require_written(stdout, parsed_args)
            for line in self.problems:
                say(line)
            for line in self.epilogue:
                self._conclude(line)
        return self.exit_code

    def _require_written(
        self, stdout: streams.Stream, args: argparse.Namespace
    ) -> None:
        """Print that the output is lost, and set the exit code if needed.

        Losing the output is a failure if it is the only result.
        A failure of the work has priority. It is no failure if the reader has
        closed its end, as ``head`` does: nothing is printed then.
        """
        if not stdout.failure or stdout.unwanted:
            return
        say(f'The output could not be written: {stdout.failure}.')
        shows = self.only_shows or getattr(args, 'dry_run', False)
        if shows and not getattr(args, 'save', None):
            self.exit_code = self.exit_code or errors.BackupError.exit_code

    def _conclude(self, line: str) -> None:
        """Print a line of the epilogue, and write it to the log file."""
        if not self.verbosity.quiet:
            say(line)
        if not self.verbosity.verbose:
            LOG.info('%s', display.sentence(line))

    def session(self) -> 'sessions.Session':
        """Return a session in the project of the client's login."""
        from backupclient.operations import sessions

        if not self.auth_required:
            # The options decide whether a login is needed, so it comes late.
            self.auth_required = True
            self.app.prepare_to_run_command(self)
        return sessions.connect(self.app.client_manager.sdk_connection)

    def session_without_target(self) -> 'sessions.Session':
        """Return a session for a command without a target.

        :raises UsageError: if there is no login either.
        """
        self._require_login()
        return self.session()

    def _require_login(self) -> None:
        """Raise UsageError if there are no settings for a login."""
        cloud = getattr(self.app, 'cloud', None)
        config = cloud.config if cloud else {}
        # Until it validates them, the client keeps OS_* variables at the top.
        url = config.get('auth_url') or (config.get('auth') or {}).get(
            'auth_url'
        )
        needs_url = config.get('auth_type') not in _WITHOUT_URL
        if cloud and needs_url and not url:
            raise errors.UsageError(
                'Say where the backups are: --from and the target that '
                '"backup run --to" wrote to. For what stays in the cloud, log '
                'in: with OS_CLOUD or --os-cloud, or with the variables of '
                'your openrc file.'
            )

    @property
    def verbosity(self) -> 'verbosity.Verbosity':
        """How much the user wants to see."""
        from backupclient.osc import verbosity

        return verbosity.Verbosity(self.app.options.verbose_level)

    def _require_columns(self, parsed_args: argparse.Namespace) -> None:
        """Raise UsageError if no chosen column exists, before any work."""
        wanted, known = parsed_args.columns, self.column_names(parsed_args)
        if wanted and not set(wanted) & set(known):
            raise errors.UsageError(
                f'No column is called {" or ".join(wanted)}. There are: '
                f'{", ".join(known)}.'
            )


class Lister(ExitCodes, command.Lister):
    """A command whose output is a list of rows."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser, with the option for all columns."""
        parser = super().get_parser(prog_name)
        self._formatter_group.add_argument(
            '--long',
            action='store_true',
            help='Show all columns in the table; the other formats always '
            'have them all',
        )
        return parser

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Any, data: Any
    ) -> int:
        """Show the rows, with texts that are safe for a terminal.

        The table has few columns by default. cliff chooses them after
        sorting, so any column can sort. Without rows, a table has no output.
        """
        rows = [_printable(row, parsed_args.formatter) for row in data]
        if parsed_args.formatter == _TABLE:
            if not rows:
                return 0
            few = columns.BRIEF.get(tuple(column_names), ())
            brief = not (parsed_args.columns or parsed_args.long)
            parsed_args.columns = parsed_args.columns or (brief and few) or []
            self.formatter = _table(brief=brief)
        return int(super().produce_output(parsed_args, column_names, rows))


class ShowOne(ExitCodes, command.ShowOne):
    """A command whose output is the fields of one thing."""

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Any, data: Any
    ) -> int:
        """Show the fields, with texts that are safe for a terminal."""
        row = _printable(data, parsed_args.formatter)
        if parsed_args.formatter == _TABLE:
            self.formatter = _table(brief=False)
        return int(super().produce_output(parsed_args, column_names, row))


_WITHOUT_URL = ('none', 'noauth', 'http_basic')
"""The ways of logging in that need no Keystone."""


def _printable(row: Iterable[Any], formatter: str) -> tuple[Any, ...]:
    make = display.flat if formatter in _LINES else display.cells
    return make(row)


def _table(*, brief: bool) -> 'table.Formatter':
    from backupclient.osc import table

    return table.Formatter(brief=brief)


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does."""
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
    """Print a message to stderr, since stdout is for data only.

    The text may contain names from the cloud. On a terminal it is wrapped.
    """
    from backupclient.osc import wrapping

    print(
        wrapping.said(text, wrapping.columns(sys.stderr)),
        file=sys.stderr,
        flush=True,
    )
