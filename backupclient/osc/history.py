# SPDX-License-Identifier: Apache-2.0
"""``openstack backup history``."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options

if TYPE_CHECKING:
    from backupclient.operations import history as operation
    from backupclient.operations import sessions


class HistoryBackup(base.Lister):
    """List backups: which there are, where, and when each was proved good.

    Without ``--from``, list the Cinder backups and images that runs left in
    your project. With ``--from``, list the backups in targets; no cloud and
    no login are needed. The newest backup comes first. Nothing is changed.

    List what is in the cloud, the last three backups of a volume, and the
    runs of the last month in two targets::

        openstack backup history
        openstack backup history --from /srv/backups --volume data --last 3
        openstack backup history --from /srv/backups --from /mnt/usb --runs --since 30d

    ``Verified`` is "never", the depth and the day of the last verification
    that found the backup good, or "damaged".

    What was read is kept in a cache, ``$XDG_CACHE_HOME/openstack-backup``,
    which you can delete at any time.

    Exit codes: 0 everything is listed; 1 an error; 2 wrong arguments;
    3 incomplete, something could not be read: what and why is said;
    130 interrupted.
    """  # noqa: E501 - commands are one line

    auth_required = False
    only_shows = True

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        parser.add_argument(
            '--from',
            dest='sources',
            metavar='<target>',
            action='append',
            default=[],
            help='List what is in this target, one that "backup run --to" '
            'wrote to; can be repeated (default: the cloud)',
        )
        options.add_selection(
            parser.add_argument_group('selection'),
            'Everything that was backed up (the default)',
        )
        _add_filters(parser.add_argument_group('which'))

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.RUNS if parsed_args.runs else columns.HISTORY

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """List backups or runs; print the summary after the rows."""
        query = _query(parsed_args)
        session = None if query.places else self.session_without_target()
        if parsed_args.runs:
            return self._runs(query, session)
        return self._backups(query, session)

    def _runs(
        self, query: 'operation.Query', session: 'sessions.Session | None'
    ) -> base.Table:
        from backupclient.operations import history
        from backupclient.osc import history_rows

        found = history.runs(query, session)
        self.exit_code, self.problems = found.exit_code, found.problems
        self.epilogue = history_rows.summary_of_runs(
            found, in_cloud=session is not None
        )
        return history_rows.runs(found)

    def _backups(
        self, query: 'operation.Query', session: 'sessions.Session | None'
    ) -> base.Table:
        from backupclient.operations import history
        from backupclient.osc import history_rows

        found = history.backups(query, session)
        self.exit_code, self.problems = found.exit_code, found.problems
        self.epilogue = history_rows.summary(
            found, in_cloud=session is not None
        )
        return history_rows.backups(found)


def _add_filters(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        '--runs',
        action='store_true',
        help='Show a row for each run instead of one for each resource and '
        'run',
    )
    group.add_argument(
        '--last',
        metavar='<number>',
        type=options.positive,
        help='Show only the newest so many backups of each resource in each '
        'place; with --runs: the newest so many runs of each place',
    )
    for name, what in (
        ('since', 'at this time or later'),
        ('until', 'at this time or earlier'),
    ):
        group.add_argument(
            f'--{name}',
            metavar='<time>',
            help=f'Show what was captured {what}: a date (2026-01-31), a '
            'time (2026-01-31T12:00, UTC), or an age (12h, 7d, 2w)',
        )


def _query(args: argparse.Namespace) -> 'operation.Query':
    """Return the query for the parsed options.

    :raises UsageError: if a time or a target is invalid.
    """
    from backupclient.operations import history
    from backupclient.operations import request as words

    since = words.moment(args.since, begins=True) if args.since else ''
    until = words.moment(args.until) if args.until else ''
    if since and until and until < since:
        raise errors.UsageError(
            f'Nothing can be captured since {since} and until {until}: the '
            'times are the wrong way round.'
        )
    return history.Query(
        places=tuple(words.target(one) for one in args.sources),
        selection=options.selection(args),
        last=args.last,
        since=since,
        until=until,
    )
