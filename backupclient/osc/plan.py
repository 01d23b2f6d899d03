# SPDX-License-Identifier: Apache-2.0
"""``openstack backup plan``."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options

if TYPE_CHECKING:
    from backupclient.model import plans
    from backupclient.model import requests


class PlanBackup(base.Lister):
    """Show what a backup would do, and what it could not.

    Reads the project and changes nothing in it. Without a selection,
    everything that holds user data is planned. The notes say when each
    resource was last backed up: into the target of ``--to``, or without it in
    the cloud.

    See what is possible, plan a complete backup with encrypted keys, and
    save the plan of one server for ``backup run --plan``::

        openstack backup plan
        openstack backup plan --to /srv/backups --encrypt-to key.pub
        openstack backup plan --server web --to /srv/backups --save web.json

    Exit codes: 0 everything can be done; 1 an error; 2 wrong arguments;
    3 something that was selected cannot be backed up, the table says why;
    130 interrupted: nothing is left, for nothing was made.
    """

    only_shows = True

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        options.add(parser)
        parser.add_argument(
            '--steps',
            action='store_true',
            help='Show a row for each step, with the command that a person '
            'would type for it',
        )
        parser.add_argument(
            '--save',
            metavar='<file>',
            type=options.path,
            help='Write the plan to a new file, for "backup run --plan"',
        )

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Return the names of the columns."""
        return columns.STEPS if parsed_args.steps else columns.PLAN

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Plan a backup; print the summary after the rows."""
        from backupclient.operations import plan
        from backupclient.osc import problems
        from backupclient.osc import rows

        session = self.session()
        made = plan.make(
            session, _request(parsed_args), save_to=parsed_args.save
        )
        self.problems = problems.of_plan(made)
        self._conclude_plan(made)
        if parsed_args.steps:
            return rows.steps(made)
        return rows.plan(made, plan.last_backups(session, made))

    def _conclude_plan(self, made: 'plans.Plan') -> None:
        """Set the exit code, and the lines below the table."""
        from backupclient.operations import plan
        from backupclient.osc import problems
        from backupclient.osc import rows

        cautions = plan.cautions_of_target(made)
        self.exit_code = 0 if made.complete and not cautions else 3
        self.epilogue = (
            *problems.warnings_of_plan(made),
            *rows.plan_summary(made),
            *cautions,
        )


def _request(args: argparse.Namespace) -> 'requests.Request':
    return options.request(args, everything_by_default=True)
