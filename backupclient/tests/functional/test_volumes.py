# SPDX-License-Identifier: Apache-2.0
"""Volumes and images, by bytes: what comes back is what was written."""

import secrets

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge


class DetachedVolume(base.TestCase):
    def setUp(self):
        super().setUp()
        self.data = cloud.content()
        self.volume = self.tenant.volume('data', self.data, large=True)
        self.before = self.tenant.settled()

    def assertRestores(self, data, backup_id):
        """Restore a backup as a person does: the volume has the data."""
        result = self.openstack(
            'volume', 'backup', 'restore', backup_id, 'restored', '-f', 'json'
        )
        self.assertEqual(0, result.code, result)
        volume_id = result.rows['volume_id']
        storage = self.tenant.conn.block_storage
        cloud.until(
            lambda: storage.get_volume(volume_id).status == 'available',
            'restored',
        )
        file = self.read_volume(volume_id)
        volume = storage.get_volume(volume_id)
        storage.delete_volume(volume)
        storage.wait_for_delete(volume, wait=120)
        self.assertTrue(judge.Original(data, cloud.GIB).is_in(file))

    def test_image_to_a_file(self):
        result = self.backup('--volume', 'data', '--to', self.target)
        [row] = result.rows
        self.assertEqual('volume-image', row['Procedure'])
        self.assertEqual('complete', row['Outcome'])
        folder = self.backup_set(result)
        file = folder / row['Result']
        self.assertEqual(cloud.GIB, file.stat().st_size)
        self.assertTrue(judge.Original(self.data, cloud.GIB).is_in(file))
        self.assertLess(file.stat().st_blocks * 512, 16 * cloud.MIB)
        self.assertOnly(self.before)

    def test_image_that_stays(self):
        result = self.backup(
            '--volume', self.volume.id, '--volume-method', 'image',
            '--name', 'nightly',
        )  # fmt: skip
        [row] = result.rows
        self.assertOnly(self.before, f'images/{row["Result"]}')
        image = self.tenant.conn.image.get_image(row['Result'])
        self.assertEqual('nightly-data', image.name)
        self.assertEqual('artifact', image.properties['backupclient_role'])
        self.assertEqual(cloud.sha512(self.data, cloud.GIB), image.hash_value)

    def test_full_then_incremental_backup(self):
        [full] = self.backup('--volume', 'data').rows
        self.assertEqual('volume-backup', full['Procedure'])
        changed = secrets.token_bytes(cloud.MIB)
        cloud.devcloud(
            'write-volume',
            self.volume.id,
            self.tenant.file('changed', changed),
        )
        [second] = self.backup('--volume', 'data').rows
        storage = self.tenant.conn.block_storage
        self.assertFalse(storage.get_backup(full['Result']).is_incremental)
        self.assertTrue(storage.get_backup(second['Result']).is_incremental)
        self.assertOnly(
            self.before,
            f'backups/{full["Result"]}',
            f'backups/{second["Result"]}',
        )
        self.assertRestores(self.data, full['Result'])
        changed += self.data[len(changed) :]
        self.assertRestores(changed, second['Result'])


class SmallVolume(base.TestCase):
    """What its bytes are does not matter."""

    def setUp(self):
        super().setUp()
        self.volume = self.tenant.volume('data', cloud.content())
        self.before = self.tenant.settled()

    def test_a_person_sees_what_a_backup_is_of(self):
        """In the lists of the services, whatever the volume is called."""
        name = 'line\nbreak \u202e \x1b[31m' + '\u6771' * 220
        storage = self.tenant.conn.block_storage
        storage.update_volume(self.volume, name=name)
        [row] = self.backup('--volume', self.volume.id).rows
        backup = storage.get_backup(row['Result'])
        [row] = self.backup(
            '--volume', self.volume.id, '--volume-method', 'image'
        ).rows
        image = self.tenant.conn.image.get_image(row['Result'])
        seen = 'line break \ufffd \ufffd[31m\u6771'
        self.assertTrue(
            backup.description.startswith(f'Volume "{seen}'),
            backup.description,
        )
        self.assertIn(f'({self.volume.id}), run ', backup.description)
        for found in (backup.name, image.name):
            self.assertRegex(
                found, rf'^backupclient-.*-volume-{self.volume.id} \('
            )
            self.assertIn(f'({seen}', found)
            self.assertEqual(255, len(found))

    def test_volumes_that_share_a_name(self):
        twin = self.tenant.volume('data')
        start = '\u6771' * 200
        rows = self.backup(
            '--volume', self.volume.id, '--volume', twin.id, '--name', start,
        ).rows  # fmt: skip
        storage = self.tenant.conn.block_storage
        self.assertEqual(
            {id_: f'{start}-data-{id_}' for id_ in (self.volume.id, twin.id)},
            {
                row['ID']: storage.get_backup(row['Result']).name
                for row in rows
            },
        )

    def test_incremental_without_a_full_one(self):
        result = self.backup('--volume', 'data', '--incremental', code=1)
        [row] = result.rows
        self.assertEqual('skipped', row['Outcome'])
        self.assertOnly(self.before)


class AttachedVolume(base.TestCase):
    shared = True

    def make(self):
        self.data = cloud.content()
        self.volume = self.tenant.volume('data', self.data, large=True)
        image = self.tenant.image('root', cloud.content(1))
        self.server = self.tenant.server(
            'guest', image=image, volumes=[self.volume]
        )
        self.before = self.tenant.settled()

    def test_through_a_snapshot_to_a_file(self):
        result = self.backup('--volume', 'data', '--to', self.target)
        [row] = result.rows
        self.assertEqual('snapshot-image', row['Procedure'])
        folder = self.backup_set(result)
        original = judge.Original(self.data, cloud.GIB)
        self.assertTrue(original.is_in(folder / row['Result']))
        self.assertOnly(self.before)

    def test_backup_by_force(self):
        [full] = self.backup('--volume', 'data').rows
        [second] = self.backup('--volume', 'data').rows
        self.assertOnly(
            self.before,
            f'backups/{full["Result"]}',
            f'backups/{second["Result"]}',
        )
        storage = self.tenant.conn.block_storage
        self.assertTrue(storage.get_backup(second['Result']).is_incremental)


class Image(base.TestCase):
    def test_download(self):
        data = cloud.content(16)
        image = self.tenant.image('mine', data)
        hidden = self.tenant.image('hidden', data)
        self.tenant.conn.image.update_image(hidden, is_hidden=True)
        before = self.tenant.settled()
        result = self.backup('--all', '--to', self.target, '--plaintext-keys')
        folder = self.backup_set(result)
        self.assertEqual(
            {image.id, hidden.id}, {row['ID'] for row in result.rows}
        )
        for row in result.rows:
            self.assertEqual(
                cloud.sha512(data), cloud.sha512_of(folder / row['Result'])
            )
        self.assertOnly(before)
