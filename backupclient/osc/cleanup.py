# SPDX-License-Identifier: Apache-2.0
"""``openstack backup cleanup``."""

import argparse
from collections.abc import Sequence
import datetime
import re
import sys
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns

if TYPE_CHECKING:
    from backupclient.model import leftover
    from backupclient.operations import sessions

    _Found = tuple[leftover.Leftover, ...]

_UNITS = {'s': 'seconds', 'm': 'minutes', 'h': 'hours', 'd': 'days'}
_UNITS |= {'w': 'weeks'}
_DURATION = re.compile(r'(?:\d{1,6}[smhdw])+')


class CleanUpBackups(base.Lister):
    """Take away what interrupted runs left in the project.

    These are snapshots, volumes and images that were made for a while only,
    and backups that failed. What is finished stays, and so does what belongs
    to a run that is still alive, here or on another machine.

    Look first, take away what one run has left, and clean up from cron::

        openstack backup cleanup --dry-run
        openstack backup cleanup --run 20260102T030405Z-abcd
        openstack backup cleanup --yes --older-than 1d

    Exit codes: 0 all that was to go is gone, or nothing was there; 1 an
    error; 2 wrong arguments; 3 something could not be deleted; 130
    interrupted: what is left goes when it is called again.
    """

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        parser.add_argument(
            '--run',
            metavar='<run>',
            help='Only what this run left',
        )
        parser.add_argument(
            '--older-than',
            metavar='<duration>',
            type=duration,
            default=datetime.timedelta(),
            help='Only what is older, such as 90m, 12h, 7d or 1d12h',
        )
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            '--dry-run',
            action='store_true',
            help='Show what would be deleted, and delete nothing',
        )
        mode.add_argument(
            '--yes',
            action='store_true',
            help='Delete without a question',
        )

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Give the names of what the rows have."""
        return columns.CLEANUP

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Find, ask, delete."""
        from backupclient.operations import cleanup
        from backupclient.osc import rows

        _check(parsed_args)
        session, run = self.session(), parsed_args.run
        age = parsed_args.older_than
        found = cleanup.find(session, run=run, older_than=age)
        if not parsed_args.dry_run and _agreed(found, parsed_args.yes):
            found = self._delete(session, found)
            self.exit_code = cleanup.exit_code(found)
        self.problems = cleanup.problems(session, found, run)
        self.epilogue = rows.cleanup_summary(found, chosen=bool(run or age))
        return rows.cleanup(found)

    def _delete(
        self, session: 'sessions.Session', found: '_Found'
    ) -> '_Found':
        from backupclient.operations import cleanup
        from backupclient.osc import progress

        with progress.reporter(self.verbosity) as reporter:
            return cleanup.delete(session, found, reporter)


def duration(text: str) -> datetime.timedelta:
    """Read a duration, such as ``1d12h``."""
    if not _DURATION.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'"{text}" is not a duration such as 90m, 12h, 7d or 1d12h'
        )
    parts = re.findall(r'(\d+)([smhdw])', text)
    try:
        return sum(
            (
                datetime.timedelta(**{_UNITS[unit]: int(number)})
                for number, unit in parts
            ),
            datetime.timedelta(),
        )
    except OverflowError:
        raise argparse.ArgumentTypeError(f'"{text}" is too long') from None


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError if the options do not fit, before any request."""
    from backupclient.model import tags

    if args.run is not None and not tags.is_run_id(args.run):
        raise errors.UsageError(
            f'"{args.run}" is not the ID of a run such as '
            '20260102T030405Z-abcd.'
        )
    if not (args.dry_run or args.yes or _somebody_answers()):
        raise errors.UsageError(
            'There is no terminal to ask at: say --yes to delete, or '
            '--dry-run to look only.'
        )


def _agreed(found: '_Found', yes: bool) -> bool:
    """Ask a person, if there is anything to ask about."""
    going = [one for one in found if one.goes]
    if yes or not going:
        return bool(going)
    for one in going:
        base.say(f'{one.label} of run {one.run}')
    print(
        f'Delete what is listed ({len(going)})? [y/N] ',
        end='',
        file=sys.stderr,
        flush=True,
    )
    try:
        answer = sys.stdin.readline()
    except OSError:
        # The terminal was closed: that is no answer.
        answer = ''
    if not answer.endswith('\n'):
        base.say('')
    agreed = answer.strip().lower() in ('y', 'yes')
    if not agreed:
        base.say('Nothing was deleted.')
    return agreed


def _somebody_answers() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
