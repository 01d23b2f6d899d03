# SPDX-License-Identifier: Apache-2.0
"""Options whose value is empty, as after a variable that is not set."""

from backupclient.tests.unit.osc import base


class EmptyValueTestCase(base.TestCase):
    def refused(self, *words):
        before = self.fake.world.holdings()
        self.assertEqual(2, self.openstack('backup', *words), words)
        option = words[-2]
        self.assertIn(option, self.err.said)
        self.assertRegex(self.err.said, r' it is |"" is ')
        self.assertEqual(before, self.fake.world.holdings())
        self.assertEqual([], self.fake.asked('POST', 'PUT', 'DELETE'))

    def test_not_taken_for_an_option_that_was_not_given(self):
        self.fake.cinder.backup_service = 'up'
        self.fake.cinder.add_volume('data', b'data')
        prune = ('prune', '--keep-last', '1', '--yes')
        restore = ('restore', '--from', str(self.root), '--all')
        for words in (
            (*prune, '--from', ''),
            ('restore', '--all', '--from', ''),
            ('cleanup', '--from', ''),
            ('cleanup', '--run', ''),
            ('history', '--from', ''),
            ('history', '--since', ''),
            ('history', '--until', ''),
            ('verify', '--from', ''),
            ('plan', '--to', ''),
            ('run', '--all', '--to', ''),
            ('run', '--all', '--resume', ''),
            ('run', '--volume', ''),
            ('run', '--all', '--exclude', ''),
            (*restore, '--run', ''),
            (*restore, '--at', ''),
            (*restore, '--resume', ''),
            (*restore, '--key-pair', ''),
            (*restore, '--identity', ''),
            ('export-key', 'data', '--file', ''),
        ):
            with self.subTest(words):
                self.refused(*words)
