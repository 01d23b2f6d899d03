# SPDX-License-Identifier: Apache-2.0
"""The deepest verification: each resource comes back, and goes again."""

import dataclasses
import json

from backupclient import errors
from backupclient.engine import journals
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore
from backupclient.operations import run
from backupclient.operations import verify
from backupclient.tests.unit.operations import test_restore


class DrillTestCase(test_restore.TestCase):
    def seed(self):
        super().seed()
        # What it holds is no qcow2, as reading it would find.
        self.fake.nova.disk_format = 'raw'

    def verify(self, selection=test_restore.ALL):
        self.before = self.fake.world.holdings()
        drill = verify.Drill(
            self.session,
            restores.Request(requests.Request(), source=str(self.target)),
        )
        return verify.verify(
            str(self.target),
            (),
            selection,
            self.reporter,
            verify.Settings(
                depth=verify.Depth.RESTORE, parallel=1, drill=drill
            ),
        )

    def results(self, report):
        return {
            (row.kind, row.name): (row.depth.value, row.result.value)
            for row in report.rows
        }

    def test_good(self):
        """All that is there afterwards was there before, as it was."""
        report = self.verify()
        self.assertEqual(0, report.exit_code, report.rows)
        self.assertEqual(
            {('restore', 'good')}, {*self.results(report).values()}
        )
        self.assertEqual(5, len(report.rows))
        self.check_cloud()
        (kept,) = (self.target / self.run_id / 'verified').iterdir()
        self.assertEqual('restore', json.loads(kept.read_text())['depth'])

    def test_servers_have_no_network(self):
        self.verify()
        asked = [
            r.json['server']
            for r in self.fake.seen
            if str(r) == 'POST nova /servers'
        ]
        self.assertEqual(['none'], [each['networks'] for each in asked])

    def test_volumes_are_compared_before_a_guest_boots(self):
        self.verify()
        asked = self.fake.asked('POST')
        built = asked.index('POST nova /servers')
        compared = [
            n
            for n, each in enumerate(asked)
            if each.endswith('-volume/action')
        ]
        self.assertTrue(any(n < built for n in compared))

    def test_other_data_come_back(self):
        make = self.fake.cinder._restore

        def other(asked):
            answer = make(asked)
            id_ = answer.json['volume']['id']
            content = self.fake.world.content[id_]
            self.fake.world.content[id_] = b'?' + content[1:]
            return answer

        self.fake.cinder._restore = other
        chosen = requests.Request(volumes=('data',))
        report = self.verify(chosen)
        self.assertEqual(3, report.exit_code)
        self.assertEqual(
            {('volume', 'data'): ('restore', 'damaged')}, self.results(report)
        )
        self.check_cloud()

    def test_that_cannot_be_tried(self):
        """No quota is no damage: it is not proved."""
        self.fake.cinder.limits['volumes'] = 2
        chosen = requests.Request(volumes=('data',))
        report = self.verify(chosen)
        self.assertEqual(3, report.exit_code)
        self.assertEqual(
            {('volume', 'data'): ('keys', 'unproved')}, self.results(report)
        )

    def test_hash_of_a_cinder_backup(self):
        """The first time it is recorded, later it is compared."""
        asked = dataclasses.replace(
            test_restore.ALL,
            everything=False,
            volumes=('data',),
            volume_method=requests.VolumeMethod.BACKUP,
            target=str(self.root / 'second'),
        )
        self.target = self.root / 'second'
        self.new_process()
        done = run.back_up(self.session, asked)
        self.assertEqual(0, done.report.exit_code, done.report.outcomes)
        self.run_id = done.report.run
        (backup,) = self.fake.world.things['backups'].values()
        self.fake.world.content[backup['id']] = test_restore.DATA
        first = self.results(self.verify())
        self.assertEqual({('restore', 'unproved')}, {*first.values()})
        self.new_process()
        second = self.results(self.verify())
        self.assertEqual({('restore', 'good')}, {*second.values()})
        self.fake.world.content[backup['id']] = b'other'
        self.new_process()
        third = self.results(self.verify())
        self.assertEqual({('restore', 'damaged')}, {*third.values()})

    def test_interrupted(self):
        """What was made is taken away, and nothing is resumed."""
        self.new_process(stop_at=3)
        self.assertRaises(errors.Interrupted, self.verify)
        self.fake.world.settle()
        self.check_cloud()
        self.new_process()
        names = {each.name for each in journals.home().iterdir()}
        (tried,) = names - {self.run_id}
        error = self.assertRaises(
            errors.UsageError, restore.resume, self.session, tried
        )
        self.assertIn('backup cleanup', str(error))

    def test_without_a_cloud(self):
        error = self.assertRaises(
            errors.UsageError,
            verify.verify,
            str(self.target),
            settings=verify.Settings(depth=verify.Depth.RESTORE),
        )
        self.assertIn('needs a cloud', str(error))
