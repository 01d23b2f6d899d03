# SPDX-License-Identifier: Apache-2.0
"""``openstack backup prune``."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options
from backupclient.osc import questions

if TYPE_CHECKING:
    from backupclient.operations import prune as operation

_COUNTS = (
    ('last', 'Keep the newest backups'),
    ('hourly', 'Keep the newest backup of each hour, for so many hours'),
    ('daily', 'Keep the newest backup of each day, for so many days'),
    ('weekly', 'Keep the newest backup of each week, for so many weeks'),
    ('monthly', 'Keep the newest backup of each month, for so many months'),
    ('yearly', 'Keep the newest backup of each year, for so many years'),
    (
        'verified',
        'Keep the newest backups that were verified at the depth data or more',
    ),
)


class PruneBackups(base.Lister):
    """Delete old backups by rules, never the last good one of a resource.

    With ``--from`` this deletes backup sets in a target, for which no cloud
    and no login are needed. Without it, this deletes what runs have left in
    the cloud: Cinder backups and images.

    The rules count for each resource on its own, and a backup is kept if any
    rule keeps it. Only complete backups count, and no damaged ones. A set in
    a target is deleted when nothing in it is kept. Never deleted are: the
    last complete backup of a resource that is not known as damaged, a Cinder
    backup on which a kept incremental one builds, what a run that is alive
    works on, and what this program did not make.

    See what would go, delete it after a question, and delete from cron::

        openstack backup prune --from /srv/backups --keep-last 3 --dry-run
        openstack backup prune --keep-daily 7 --keep-weekly 4
        openstack backup prune --from /srv/backups --keep-within 30d --yes

    Exit codes: 0 all that was to go is gone, or nothing was to go; 1 an
    error; 2 wrong arguments, or no rule; 3 something could not be deleted;
    130 interrupted, or the login has ended: what is left goes when it is
    called again.
    """

    auth_required = False

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        parser.add_argument(
            '--from',
            dest='source',
            metavar='<target>',
            help='Where the backups are: the target that "backup run --to" '
            'wrote to (default: the cloud)',
        )
        _add_rules(parser.add_argument_group('what to keep of each resource'))
        options.add_selection(
            parser.add_argument_group('selection'),
            'Everything of the project that was backed up (default)',
        )
        questions.add(parser)

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.PRUNE

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Decide, ask, and delete."""
        from backupclient.operations import prune
        from backupclient.osc import prune_rows

        place = self._place(parsed_args)
        done = place.decide()
        self.exit_code = prune.dry_exit_code(done)
        if (done.going or done.left) and questions.agreed(
            parsed_args, prune_rows.listed(done), prune_rows.question(done)
        ):
            done = self._delete(place, done)
            self.exit_code = prune.exit_code(done)
        self.problems = prune.problems(done)
        freed = place.would_free(done) if parsed_args.dry_run else ''
        self.epilogue = prune_rows.summary(done, freed)
        return prune_rows.rows(done)

    def _place(self, args: argparse.Namespace) -> 'operation.Place':
        """Return the place to prune.

        :raises UsageError: if an option is invalid, or nobody can be asked.
        """
        from backupclient.operations import prune
        from backupclient.operations import request as words

        settings = prune.Settings(
            _rules(args), options.selection(args), self._login()
        )
        questions.require(args)
        if args.source:
            return prune.target(words.target(args.source), settings)
        return prune.cloud(self.session_without_target(), settings)

    def _delete(
        self, place: 'operation.Place', agreed: 'operation.Decision'
    ) -> 'operation.Decision':
        from backupclient.operations import prune
        from backupclient.osc import progress

        with progress.reporter(self.verbosity) as reporter:
            return prune.delete(place, agreed, reporter)

    def _login(self) -> 'operation.Login':
        """Return the project that the settings name, without logging in."""
        from backupclient.operations import prune

        auth = getattr(self.app, 'cloud', None)
        found = auth.config.get('auth') or {} if auth else {}
        return prune.Login(
            str(found.get('project_id') or ''),
            str(found.get('project_name') or ''),
            str(found.get('auth_url') or ''),
        )


def _add_rules(group: argparse._ArgumentGroup) -> None:
    for name, text in _COUNTS:
        group.add_argument(
            f'--keep-{name}',
            metavar='<number>',
            type=options.positive,
            default=0,
            help=text,
        )
    group.add_argument(
        '--keep-within',
        metavar='<duration>',
        type=within,
        help='Keep what is not older than this, counted from the newest '
        'backup, such as 30d or 1y6m (years, months, days, hours)',
    )


def within(text: str) -> 'operation.Duration':
    """Parse a duration such as ``30d``.

    :raises ArgumentTypeError: if the text is no duration.
    """
    from backupclient.operations import prune

    try:
        return prune.duration(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def _rules(args: argparse.Namespace) -> 'operation.Rules':
    """Return the rules.

    :raises UsageError: if there is no rule.
    """
    from backupclient.operations import prune

    counts = {name: getattr(args, f'keep_{name}') for name, _ in _COUNTS}
    within = {'within': args.keep_within} if args.keep_within else {}
    found = prune.Rules(**counts, **within)
    if not found:
        raise errors.UsageError(
            'Say what to keep, such as --keep-daily 7 --keep-weekly 4. '
            'Without a rule nothing is deleted.'
        )
    return found
