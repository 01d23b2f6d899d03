# SPDX-License-Identifier: Apache-2.0
"""Commands with a target that has a password in it, and the real rclone."""

import pathlib

from backupclient.store import targets
from backupclient.tests.unit.osc import base
from backupclient.tests.unit.store import rclones

PASSWORD = 'hunter2-of-the-tests'


class HiddenTestCase(base.TestCase):
    """The password is used, and is neither said nor kept."""

    def setUp(self):
        super().setUp()
        self.rclone = self.useFixture(rclones.Rclone())
        self.fake.cinder.add_volume('data', b'data' * 9000)
        self.place = self.rclone.folder / 'backups'
        self.to = f'rclone::local,what={PASSWORD}:{self.place}'
        self.shown = f'rclone::local,what=***:{self.place}'
        self.said = ''

    def call(self, *words, code=0):
        """Run a command as another process does."""
        targets.forget()
        found = self.rows(*words, code=code) if code in (0, 130) else None
        if found is None:
            self.assertEqual(code, self.openstack('backup', *words))
        self.said += self.out.said + self.err.said
        return found

    def assert_hidden(self):
        self.assertNotIn(PASSWORD, self.said)
        kept = [self.place, self.root, pathlib.Path(self.rclone.folder)]
        for file in (each for place in kept for each in place.rglob('*')):
            if file.is_file():
                self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)

    def test_run_and_resume(self):
        self.stop_at = 1
        self.call('run', '--all', '--to', self.to, code=130)
        self.assertIn('--resume', self.err.said)
        self.assertIn('--to TARGET', self.err.said)
        self.stop_at = 0
        self.call('run', '--resume', 'last', code=2)
        self.assertIn('kept nowhere', self.err.said)
        other = f'{self.to}/other'
        self.call('run', '--resume', 'last', '--to', other, code=2)
        self.assertIn(f'its own target, {self.shown}', self.err.said)
        (row,) = self.call('run', '--resume', 'last', '--to', self.to)
        self.assertEqual('complete', row['Outcome'])
        self.assertIn('start anew', self.err.said)
        self.assertIn(f'Backup set: {self.shown}/', self.err.said)
        self.assert_hidden()

    def test_saved_plan_and_reading(self):
        plan = self.root / 'plan.json'
        self.call('plan', '--all', '--to', self.to, '--save', plan)
        self.assertIn(self.shown, plan.read_text().replace('\\"', '"'))
        self.call('run', '--plan', plan, code=2)
        self.call('run', '--plan', plan, '--to', self.to)
        (row,) = self.call('verify', '--from', self.to)
        self.assertEqual('good', row['Result'])
        self.call(
            'restore',
            '--from',
            self.to,
            '--all',
            '--save',
            plan.with_name('back'),
        )
        self.call('restore', '--plan', plan.with_name('back'), code=2)
        words = ('restore', '--plan', plan.with_name('back'))
        (row,) = self.call(*words, '--from', self.to)
        self.assertEqual('complete', row['Outcome'])
        self.assert_hidden()
