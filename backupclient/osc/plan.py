# SPDX-License-Identifier: Apache-2.0
"""``openstack backup plan``."""

import argparse
from collections.abc import Sequence

from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import options


class PlanBackup(base.Lister):
    """Show what a backup would do, and what it could not.

    Reads the project and changes nothing in it. Without a selection,
    everything that holds user data is planned.

    Exit codes: 0 everything can be done; 1 an error; 2 wrong arguments;
    3 something that was selected cannot be backed up, the table says why;
    130 interrupted: nothing is left, for nothing was made.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the options."""
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
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
        return parser

    def column_names(self, parsed_args: argparse.Namespace) -> Sequence[str]:
        """Give the names of what the rows have."""
        return columns.STEPS if parsed_args.steps else columns.PLAN

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Plan; the summary is said after the rows."""
        from backupclient.osc import planning
        from backupclient.osc import rows

        request = options.request(parsed_args, everything_by_default=True)
        if parsed_args.save:
            planning.require_new(parsed_args.save)
        cloud, _ = planning.connect(self.app)
        plan = planning.plan(cloud, request)
        if parsed_args.save:
            planning.save(plan, parsed_args.save)
        self.exit_code = 0 if plan.complete else 3
        self.epilogue = (*rows.plan_summary(plan), *planning.no_room(plan))
        return rows.steps(plan) if parsed_args.steps else rows.plan(plan)
