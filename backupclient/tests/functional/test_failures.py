# SPDX-License-Identifier: Apache-2.0
"""A failure in each step of each procedure: nothing temporary is left."""

import pathlib

import fixtures

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.model import requests
from backupclient.model import results
from backupclient.operations import running
from backupclient.osc import progress
from backupclient.planner import backup
from backupclient.procedures import registry
from backupclient.tests.functional import cases


def broken(step):
    """Make a step that fails when it has done its work."""

    class Broken(step):
        def do(self, made):
            super().do(made)
            raise errors.BackupError('forced')

    return type(step.__name__, (Broken,), {})


class FailureIn:
    def test_each_step(self):
        for number in range(len(self.steps())):
            self.fail_in(number)

    def fail_in(self, number):
        steps = list(self.steps())
        steps[number] = broken(steps[number])
        registered = {**registry.PROCEDURES, self.procedure: lambda _: steps}
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', self.tenant.environment()['XDG_STATE_HOME']
            )
        )
        with fixtures.MonkeyPatch(
            'backupclient.procedures.registry.PROCEDURES', registered
        ):
            report = self.run_here()
        [failed] = [
            each
            for each in report.outcomes
            if each.procedure is self.procedure
        ]
        where = steps[number].__name__
        self.assertEqual(results.State.FAILED, failed.state, where)
        self.assertEqual('forced', failed.reason, where)
        self.assertEqual((), failed.notes, where)
        self.assertEqual(1, report.exit_code, where)
        self.assertNothingLeft()
        if report.place:
            files = [
                file.name
                for file in pathlib.Path(report.place).rglob('*')
                if file.is_file()
            ]
            self.assertEqual(
                ['RESTORE.md', 'SHA512SUMS', 'manifest.json'], sorted(files)
            )

    def run_here(self):
        system = clocks.SystemClock()
        there = door.connect(self.tenant.conn, system)
        wanted = requests.Request(
            target='' if self.stays else str(self.target),
            plaintext_keys=True,
            **{f'{self.arguments[0][2:]}s': (self.arguments[1],)},
        )
        plan = backup.plan(wanted, inventory.read(there))
        return running.start(
            there, system, plan, progress.Lines(), parallel=2, timeout=600.0
        )


globals().update(cases.for_each(FailureIn))
