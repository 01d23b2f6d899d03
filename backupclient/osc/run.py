# SPDX-License-Identifier: Apache-2.0
"""``openstack backup run``."""

import argparse
from collections.abc import Sequence
import dataclasses
from typing import TYPE_CHECKING

from backupclient import errors
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options

if TYPE_CHECKING:
    from backupclient.model import events
    from backupclient.operations import run as operation
    from backupclient.operations import sessions

_PARALLEL = 4
_TIMEOUT = 360


class RunBackup(base.Lister):
    """Back up: do it, wait, clean up, check, and write down what was made.

    Say what to back up: ``--all``, a selection, a saved plan, or an earlier
    run to go on with.

    Back up everything into files, one server in the cloud, and go on with a
    run that was interrupted::

        openstack backup run --all --to /srv/backups --encrypt-to key.pub
        openstack backup run --server web --stop-servers
        openstack backup run --resume last

    Exit codes: 0 complete; 1 an error, nothing useful was done; 2 wrong
    arguments; 3 incomplete, the table says what failed or was skipped, and
    why; 130 interrupted, or the journal or the backup set could not be
    written, or the login has ended: the run can be resumed. What was
    temporary is gone then, except after a second Ctrl-C and when the login
    has ended: "backup run --resume" or "backup cleanup" takes it away, and
    servers that are off are named.
    """

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        options.add(parser)
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            '--plan',
            metavar='<file>',
            type=options.path,
            help='Run a plan that "backup plan --save" wrote',
        )
        source.add_argument(
            '--resume',
            metavar='<run>',
            help='Go on with a run that was killed or interrupted, with its '
            'settings: its ID, or "last" for the newest one of this project',
        )
        parser.add_argument(
            '--replan',
            action='store_true',
            help='With --plan: plan anew those of its resources that have '
            'changed since',
        )
        parser.add_argument(
            '--parallel',
            metavar='<number>',
            type=options.positive,
            help=f'How many resources are worked on at a time (default: '
            f'{_PARALLEL})',
        )
        parser.add_argument(
            '--timeout',
            metavar='<minutes>',
            type=options.positive,
            help=f'The longest that each wait may take (default: {_TIMEOUT})',
        )
        parser.add_argument(
            '--limit-rate',
            metavar='<MiB>',
            type=options.positive,
            help='The most that all downloads together may bring per second, '
            'in MiB (default: no limit)',
        )
        parser.add_argument(
            '--name',
            metavar='<text>',
            type=options.name,
            default='',
            help='Start the names of the Cinder backups and images that stay '
            'in the cloud with this text, at most 200 characters; the name of '
            'the resource follows (default: "backupclient-<run>-<kind>-<id>")',
        )

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.RUN

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Run a backup; print the summary after the rows."""
        from backupclient.osc import problems
        from backupclient.osc import rows

        _check(parsed_args)
        done = self._run(parsed_args)
        self.exit_code = done.report.exit_code
        self.problems = problems.of_run(done)
        self.epilogue = (
            *problems.warnings_of_run(done),
            *rows.run_summary(done),
            *problems.again(done),
        )
        return rows.outcomes(done.report)

    def _run(self, args: argparse.Namespace) -> 'operation.Result':
        from backupclient.osc import progress

        session = self.session()
        with progress.reporter(self.verbosity) as reporter:
            return _run(session, args, reporter)


def _run(
    session: 'sessions.Session',
    args: argparse.Namespace,
    reporter: 'events.Reporter',
) -> 'operation.Result':
    """Start, resume or carry out the backup that the options name."""
    from backupclient.operations import plan
    from backupclient.operations import run

    if args.resume:
        return run.resume(
            session, args.resume, reporter, target=options.target(args)
        )
    settings = run.Settings(
        parallel=args.parallel or _PARALLEL,
        timeout=(args.timeout or _TIMEOUT) * 60.0,
        limit_rate=float((args.limit_rate or 0) << 20),
    )
    if args.plan:
        return run.carry_out(
            session,
            plan.load(args.plan),
            reporter,
            settings,
            replan=args.replan,
            name=args.name,
            target=options.target(args),
        )
    request = dataclasses.replace(options.request(args), name=args.name)
    return run.back_up(session, request, reporter, settings)


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError if the options do not go together."""
    from backupclient.model import requests

    if args.plan or args.resume:
        own = dataclasses.replace(options.request(args), target='')
        if args.keep_images or own != requests.Request():
            raise errors.UsageError(
                'A saved plan or an earlier run has its own selection and '
                'options: give --plan or --resume without them. Only --to can '
                'be given again, for a target with a password in it.'
            )
        if args.resume and (
            args.parallel or args.timeout or args.limit_rate or args.name
        ):
            raise errors.UsageError(
                'An earlier run goes on with its own --parallel, --timeout, '
                '--limit-rate and --name: give --resume without them.'
            )
    elif not options.selects(args):
        raise errors.UsageError(
            'Say what to back up: --all, --server, --volume, --image, '
            '--secret, --match, --plan or --resume.'
        )
    if args.replan and not args.plan:
        raise errors.UsageError('--replan needs --plan.')
