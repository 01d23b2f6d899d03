# SPDX-License-Identifier: Apache-2.0
"""``openstack backup cleanup``."""

import argparse
from collections.abc import Sequence
import datetime
import re
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import questions

if TYPE_CHECKING:
    from backupclient.model import leftover
    from backupclient.operations import sessions

    _Found = tuple[leftover.Leftover, ...]

_UNITS = {'s': 'seconds', 'm': 'minutes', 'h': 'hours', 'd': 'days'}
_UNITS |= {'w': 'weeks'}
_DURATION = re.compile('(?:[0-9]{1,6}[smhdw])+')


class CleanUpBackups(base.Lister):
    """Take away what interrupted runs left in the project.

    These are snapshots, volumes and images that were made for a while only,
    and backups that failed. What is finished stays, and so does what belongs
    to a run that is still alive, here or on another machine.

    Look first, take away what one run has left, and clean up from cron::

        openstack backup cleanup --dry-run
        openstack backup cleanup --run 20260102T030405Z-abcd
        openstack backup cleanup --yes --older-than 1d --from /srv/backups

    Exit codes: 0 all that was to go is gone, or nothing was there; 1 an
    error; 2 wrong arguments; 3 something could not be deleted; 130
    interrupted, or the login has ended: what is left goes when it is called
    again.
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
        parser.add_argument(
            '--from',
            dest='source',
            metavar='<target>',
            help='Also what dead runs left in this target: sets that are not '
            'finished, and sets whose deletion was interrupted',
        )
        questions.add(parser)

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.CLEANUP

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Find leftovers, ask, and delete them."""
        from backupclient.operations import cleanup
        from backupclient.osc import rows

        _check(parsed_args)
        session, run = self.session(), parsed_args.run
        age, target = parsed_args.older_than, _target(parsed_args)
        found = cleanup.find(session, run=run, older_than=age, target=target)
        if _agreed(found, parsed_args):
            found = self._delete(session, found, target)
            self.exit_code = cleanup.exit_code(found)
        self.problems = cleanup.problems(session, found, run)
        self.epilogue = rows.cleanup_summary(found, chosen=bool(run or age))
        return rows.cleanup(found)

    def _delete(
        self, session: 'sessions.Session', found: '_Found', target: str
    ) -> '_Found':
        from backupclient.operations import cleanup
        from backupclient.osc import progress

        with progress.reporter(self.verbosity) as reporter:
            return cleanup.delete(session, found, reporter, target)


def _target(args: argparse.Namespace) -> str:
    from backupclient.operations import request as words

    return words.target(args.source) if args.source else ''


def duration(text: str) -> datetime.timedelta:
    """Parse a duration such as ``1d12h``.

    :raises ArgumentTypeError: if the text is no duration.
    """
    if not _DURATION.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f'"{text}" is not a duration such as 90m, 12h, 7d or 1d12h'
        )
    parts = re.findall('([0-9]+)([smhdw])', text)
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
    """Raise UsageError if an option is invalid, or nobody can be asked."""
    from backupclient.model import tags

    if args.run is not None and not tags.is_run_id(args.run):
        raise errors.UsageError(
            f'"{args.run}" is not the ID of a run such as '
            '20260102T030405Z-abcd.'
        )
    questions.require(args)


def _agreed(found: '_Found', args: argparse.Namespace) -> bool:
    """Return whether to delete; ask only if there is anything to delete."""
    going = [one for one in found if one.goes]
    return bool(going) and questions.agreed(
        args,
        [f'{one.label} of run {one.run}' for one in going],
        f'Delete what is listed ({len(going)})?',
    )
