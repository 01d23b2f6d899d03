# SPDX-License-Identifier: Apache-2.0
"""What ``backup restore --dry-run`` and ``--save`` say."""

from backupclient.tests.unit.osc import base


class RestorePlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.fake.glance.add_image('golden', b'golden' * 99)
        self.rows('run', '--all', '--to', self.target)
        self.words = ('restore', '--from', self.target, '--all')

    def test_dry_run(self):
        """Nothing is made."""
        before = self.fake.world.holdings()
        (row,) = self.rows(*self.words, '--dry-run')
        self.assertEqual('image-upload', row['Procedure'])
        self.assertIn('1 of 1 resources can be restored;', self.err.said)
        self.assertEqual(before, self.fake.world.holdings())

    def test_what_exists_already_is_counted_apart(self):
        (row,) = self.rows(*self.words, '--dry-run', '--skip-existing')
        self.assertEqual('none', row['Procedure'])
        self.assertIn(
            '0 of 1 resources can be restored, 1 exists already; 0 B to move',
            self.err.said,
        )

    def test_saved(self):
        """The command that carries it out is named, and works."""
        file = self.root / 'the plan.json'
        self.rows(*self.words, '--save', file, '--suffix=-new')
        self.assertIn(
            f"openstack backup restore --plan '{file}'", self.err.said
        )
        (row,) = self.rows('restore', '--plan', file)
        self.assertEqual('complete', row['Outcome'])
        made = self.fake.world.things['images'][row['Restored']]
        self.assertEqual('golden-new', made['name'])
