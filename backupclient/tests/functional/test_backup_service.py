# SPDX-License-Identifier: Apache-2.0
"""A cloud whose backup service does not answer."""

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class NoBackupService(base.TestCase):
    def setUp(self):
        super().setUp()
        self.tenant.volume('one', cloud.content(1))
        self.tenant.volume('two', cloud.content(1))
        self.before = self.tenant.settled()
        self.addCleanup(cloud.devcloud, 'up', 'cinder-backup')
        cloud.devcloud('down', 'cinder-backup')

    def forget(self):
        """Have the scheduler know that the service is gone."""
        cloud.devcloud('down', 'cinder-scheduler')
        cloud.devcloud('up', 'cinder-scheduler')

    def test_auto_takes_the_image_way(self):
        self.forget()
        result = self.backup('--all')
        self.assertIn('does not answer', result.err)
        rows = result.rows
        self.assertEqual(
            2 * ['volume-image'], [row['Procedure'] for row in rows]
        )
        failed = [
            f'backups/{each.id}'
            for each in self.tenant.conn.block_storage.backups()
        ]
        # A failed backup cannot be deleted while there is no service: the
        # run says so.
        for each in failed:
            self.assertIn(each.partition('/')[2], result.err)
        self.assertOnly(
            self.before, *failed, *(f'images/{row["Result"]}' for row in rows)
        )

    def test_method_backup_fails_clearly(self):
        self.forget()
        result = self.backup('--all', '--volume-method', 'backup', code=1)
        for row in result.rows:
            self.assertEqual('failed', row['Outcome'])
            self.assertIn('no backup service', row['Notes'][0])

    def test_a_scheduler_that_does_not_know(self):
        """The first volume is stuck: it is told, and the others go on."""
        result = self.backup('--all', '--timeout', '1', code=3)
        self.assertEqual(
            {('failed', 'volume-backup'), ('complete', 'volume-image')},
            {(row['Outcome'], row['Procedure']) for row in result.rows},
        )
        [failed] = [row for row in result.rows if row['Outcome'] == 'failed']
        self.assertIn('operator', failed['Notes'][0])
        cloud.devcloud('up', 'cinder-backup')
