# SPDX-License-Identifier: Apache-2.0
"""Backups in the cloud, found on a machine that never saw their run."""

import json

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class TwoMachines(base.TestCase):
    def setUp(self):
        super().setUp()
        self.data = cloud.content(2)
        self.volume = self.tenant.volume('data', self.data)

    def ask(self, *words, code=0):
        result = self.openstack('backup', *words, '-f', 'json')
        self.assertEqual(code, result.code, result)
        return result.rows

    def images(self, *words):
        result = self.openstack('image', 'list', *words, '-f', 'json')
        return [row['Name'] for row in result.rows]

    def test_history_verify_and_restore(self):
        before = self.tenant.settled()
        made = self.backup('--all', '--volume-method', 'backup')
        (backup,) = made.rows
        # No list has the manifest that is not asked for what is hidden.
        self.assertOnly(before, f'backups/{backup["Result"]}')
        name = f'backupclient-{made.run}'
        self.assertNotIn(name, self.images())
        self.assertIn(name, self.images('--hidden'))
        self.check_with_other_clients(made.run)
        left = self.openstack('backup', 'cleanup', '--dry-run')
        self.assertIn('Nothing is left by any run', left.err)

        # Another machine: nothing but the credentials is there.
        self.tenant.forget_runs()
        (row,) = self.ask('history')
        self.assertEqual(
            (made.run, 'data', self.volume.id, 'complete', 'cloud', 'never'),
            tuple(
                row[name]
                for name in (
                    *('Run', 'Name', 'ID', 'State'),
                    *('Place', 'Verified'),
                )
            ),
        )
        (run,) = self.ask('history', '--runs')
        self.assertEqual((1, 'complete'), (run['Complete'], run['State']))
        (checked,) = self.ask('verify', '--depth', 'files')
        self.assertEqual('good', checked['Result'])
        # The result is kept in the cloud: a third machine knows it.
        self.tenant.forget_runs()
        (row,) = self.ask('history', '--volume', 'data')
        self.assertRegex(row['Verified'], r'^files \d{4}-')
        (planned,) = self.ask('plan')
        self.assertRegex(
            planned['Notes'][-1], r'^Last backup .* ago, verified .* ago\.$'
        )

        self.tenant.conn.block_storage.delete_volume(self.volume.id)
        cloud.until(
            lambda: self.volume.id not in self.tenant.census().volumes, 'gone'
        )
        (restored,) = self.ask('restore', '--all')
        self.assertEqual('complete', restored['Outcome'])
        self.assertEqual(self.data, self.bytes_of(restored['Restored']))

        # What is gone is missing, and the exit code tells.
        self.tenant.conn.block_storage.delete_backup(backup['Result'])
        cloud.until(lambda: not self.tenant.census().backups, 'backup gone')
        (checked,) = self.ask('verify', '--depth', 'files', code=3)
        self.assertEqual('missing', checked['Result'])
        (row,) = self.ask('history')
        self.assertEqual('damaged', row['Verified'])

    def bytes_of(self, volume_id):
        """Read the first bytes of a volume below Cinder."""
        with open(self.read_volume(volume_id), 'rb') as opened:
            return opened.read(len(self.data))

    def check_with_other_clients(self, run):
        """The manifest is JSON that "openstack image save" gives."""
        listed = self.openstack('image', 'list', '--hidden', '-f', 'json').rows
        (image,) = [
            row['ID'] for row in listed if row['Name'] == f'backupclient-{run}'
        ]
        file = self.target / 'manifest.json'
        self.openstack('image', 'save', '--file', file, image)
        self.assertEqual(run, json.loads(file.read_text())['run'])
