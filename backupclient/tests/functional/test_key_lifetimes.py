# SPDX-License-Identifier: Apache-2.0
"""Each statement of the page "What happens to keys", on the real cloud."""

import pathlib
import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud

_OPENS, _NO_KEY = 0, 2
"""What ``cryptsetup open --test-passphrase`` ends with."""


class TestCase(base.TestCase):
    """An encrypted volume with known content, and questions about keys."""

    def make(self):
        self.data = cloud.content()
        self.volume = self.tenant.encrypted_volume('vault', self.data)
        self.key_id = self.key_of_volume(self.volume.id)
        self.key = self.payload(self.key_id)
        self.storage = self.tenant.conn.block_storage

    def run_openstack(self, *arguments):
        result = self.openstack(*arguments, '-f', 'json')
        self.assertEqual(0, result.code, result)
        return result.rows

    def until(self, state, read):
        cloud.until(lambda: read().status == state, state)

    def payload(self, secret_id):
        """The bytes of a secret; None when it is not there."""
        answer = self.tenant.conn.key_manager.get(
            f'/secrets/{secret_id}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        self.assertIn(answer.status_code, (200, 404))
        return answer.content if answer.status_code == 200 else None

    def key_of_volume(self, volume_id):
        answer = self.tenant.conn.block_storage.get(
            f'/volumes/{volume_id}/encryption'
        )
        return answer.json()['encryption_key_id']

    def key_of_backup(self, backup_id):
        answer = self.storage.get(f'/backups/{backup_id}', microversion='3.64')
        return answer.json()['backup']['encryption_key_id']

    def make_image(self):
        row = self.run_openstack(
            'image', 'create', '--volume', self.volume.id, 'vault-image'
        )
        image_id = row['image_id']
        glance = self.tenant.conn.image
        self.until('active', lambda: glance.get_image(image_id))
        self.until(
            'available', lambda: self.storage.get_volume(self.volume.id)
        )
        return glance.get_image(image_id)

    def make_backup(self, *options):
        backup_id = self.run_openstack(
            'volume', 'backup', 'create', *options, self.volume.id
        )['id']
        self.until('available', lambda: self.storage.get_backup(backup_id))
        return backup_id

    def delete_volume(self, volume_id):
        volume = self.storage.get_volume(volume_id)
        self.storage.delete_volume(volume)
        self.storage.wait_for_delete(volume, wait=120)

    def delete_backup(self, backup_id):
        backup = self.storage.get_backup(backup_id)
        self.storage.delete_backup(backup)
        self.storage.wait_for_delete(backup, wait=120)

    def stored(self, volume_id):
        """What Cinder holds of a volume: the LUKS container."""
        file = self.target / f'{volume_id}.raw'
        cloud.devcloud('read-volume', volume_id, file)
        return file

    def tried(self, container, passphrase):
        """Let cryptsetup try a passphrase; needs no root."""
        done = subprocess.run(
            [
                'cryptsetup',
                'open',
                '--test-passphrase',
                '--key-file',
                self.tenant.file('passphrase', passphrase),
                container,
            ],
            stderr=subprocess.DEVNULL,
        )
        return done.returncode

    def assertPlaintext(self, container):
        """The container has the content that was written to the volume."""
        digits = self.tenant.file('digits', self.key.hex().encode())
        plain = cloud.decrypted(pathlib.Path(container), digits)
        self.assertEqual(
            cloud.sha512(self.data), cloud.sha512_of(plain, len(self.data))
        )

    def assertCopy(self, secret_id):
        """A secret of its own, with the bytes of the volume's key."""
        self.assertNotEqual(self.key_id, secret_id)
        self.assertEqual(self.key, self.payload(secret_id))


class KeyLifetimes(TestCase):
    """What leaves the volume and its key as they are."""

    shared = True

    def test_passphrase(self):
        """LUKS was given the hexadecimal digits of the key's bytes."""
        container = self.stored(self.volume.id)
        with container.open('rb') as file:
            self.assertEqual(b'LUKS\xba\xbe\0\1', file.read(8))
        digits = self.key.hex().encode()
        self.assertEqual(32, len(self.key))
        self.assertEqual(_OPENS, self.tried(container, digits))
        self.assertEqual(_NO_KEY, self.tried(container, self.key))
        self.assertEqual(_NO_KEY, self.tried(container, digits + b'\n'))
        self.assertPlaintext(container)

    def test_snapshot(self):
        """A snapshot has the volume's key; a volume made of it, a copy."""
        row = self.run_openstack(
            'volume', 'snapshot', 'create', '--volume', self.volume.id, 'snap'
        )
        self.until('available', lambda: self.storage.get_snapshot(row['id']))
        self.assertNotIn('encryption_key_id', row)
        made = self.run_openstack(
            'volume', 'create', '--snapshot', row['id'], 'of-snap'
        )
        self.until('available', lambda: self.storage.get_volume(made['id']))
        copy = self.key_of_volume(made['id'])
        self.assertCopy(copy)
        self.delete_volume(made['id'])
        self.assertIsNone(self.payload(copy))
        self.assertEqual(self.key, self.payload(self.key_id))

    def test_each_backup_of_a_chain_has_a_copy(self):
        full = self.make_backup()
        second = self.make_backup('--incremental')
        copies = [self.key_of_backup(each) for each in (full, second)]
        self.assertNotEqual(*copies)
        for copy in copies:
            self.assertCopy(copy)
        self.delete_backup(second)
        self.assertIsNone(self.payload(copies[1]))
        self.assertEqual(self.key, self.payload(copies[0]))

    def test_restore_onto_a_volume(self):
        """The volume loses its own key and gets a copy of the backup's."""
        backup_id = self.make_backup()
        target = self.run_openstack(
            'volume', 'create', '--type', 'luks', '--size', '1', 'target'
        )['id']
        self.until('available', lambda: self.storage.get_volume(target))
        own = self.key_of_volume(target)
        self.assertNotEqual(self.key, self.payload(own))
        self.run_openstack(
            'volume', 'backup', 'restore', '--force', backup_id, target
        )
        self.until('available', lambda: self.storage.get_volume(target))
        self.assertIsNone(self.payload(own))
        copy = self.key_of_volume(target)
        self.assertCopy(copy)
        self.assertNotEqual(self.key_of_backup(backup_id), copy)
        self.assertPlaintext(self.stored(target))


class KeysThatEnd(TestCase):
    """What takes the volume or its key away."""

    def test_image(self):
        """An image has a copy of the key, which dies with the image."""
        image = self.make_image()
        copy = image.properties['cinder_encryption_key_id']
        self.assertCopy(copy)
        self.assertEqual(
            'on_image_deletion',
            image.properties['cinder_encryption_key_deletion_policy'],
        )
        made = self.run_openstack(
            'volume', 'create', '--image', image.id, '--type', 'luks',
            '--size', '1', 'of-image',
        )['id']  # fmt: skip
        self.until('available', lambda: self.storage.get_volume(made))
        third = self.key_of_volume(made)
        self.assertCopy(third)
        self.assertNotEqual(copy, third)
        file = self.target / 'image.raw'
        self.tenant.conn.image.download_image(
            image, stream=True, output=str(file)
        )
        self.delete_volume(self.volume.id)
        self.assertIsNone(self.payload(self.key_id))
        self.assertEqual(self.key, self.payload(copy))
        self.tenant.conn.image.delete_image(image)
        self.assertIsNone(self.payload(copy))
        # The file is all that is left, and opens with the bytes.
        self.assertPlaintext(file)

    def test_backup_outlives_its_volume(self):
        """A backup has a copy of the key: it can be restored by itself."""
        backup_id = self.make_backup()
        copy = self.key_of_backup(backup_id)
        self.assertCopy(copy)
        self.delete_volume(self.volume.id)
        self.assertIsNone(self.payload(self.key_id))
        self.assertEqual(self.key, self.payload(copy))
        restored = self.run_openstack(
            'volume', 'create', '--backup', backup_id, '--type', 'luks',
            '--size', '1', 'restored',
        )['id']  # fmt: skip
        self.until('available', lambda: self.storage.get_volume(restored))
        third = self.key_of_volume(restored)
        self.assertCopy(third)
        self.assertNotEqual(copy, third)
        self.assertPlaintext(self.stored(restored))
        self.delete_backup(backup_id)
        self.assertIsNone(self.payload(copy))
        self.assertEqual(self.key, self.payload(third))

    def test_key_deleted_by_hand(self):
        """Restoring a backup whose key is gone harms its source too.

        The volume that could not be restored has the key of the source, and
        takes it along when it is deleted.
        """
        backup_id = self.make_backup()
        gone = self.tenant.conn.key_manager.delete(
            f'/secrets/{self.key_of_backup(backup_id)}'
        )
        self.assertEqual(204, gone.status_code)
        made = self.run_openstack(
            'volume', 'create', '--backup', backup_id, '--type', 'luks',
            '--size', '1', 'restored',
        )['id']  # fmt: skip
        self.until('error_restoring', lambda: self.storage.get_volume(made))
        self.assertEqual(self.key_id, self.key_of_volume(made))
        self.delete_volume(made)
        self.assertIsNone(self.payload(self.key_id))
        self.assertEqual('available', self.tenant.status(self.volume))
