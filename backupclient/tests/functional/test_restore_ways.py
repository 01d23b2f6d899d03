# SPDX-License-Identifier: Apache-2.0
"""Encrypted volumes come back in each way that a plan can choose."""

import json
import pathlib
import secrets

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class TestEncrypted(base.TestCase):
    """A file with LUKS blocks, and its key."""

    shared = True
    large = False

    def make(self):
        self.data = cloud.content()
        self.old = self.tenant.encrypted_volume(
            'vault', self.data, large=self.large
        )
        self.source = pathlib.Path(self.tenant.folder, 'sets')
        self.source.mkdir()
        made = self.backup(
            '--volume', 'vault', '--to', self.source, '--plaintext-keys'
        )
        self.manifest = self.source / made.run / 'manifest.json'

    def new_type(self):
        """Make a volume type that encrypts, and that nobody has used."""
        storage = self.tenant.admin.block_storage
        luks = next(one for one in storage.types() if one.name == 'luks')
        made = storage.create_type(
            name=f'test-{secrets.token_hex(4)}', extra_specs=luks.extra_specs
        )
        self.addCleanup(storage.delete_type, made)
        storage.create_type_encryption(
            made,
            provider='luks',
            cipher='aes-xts-plain64',
            key_size=256,
            control_location='front-end',
        )
        # Registered later, so done before: its volumes have to go first.
        self.addCleanup(self.tenant.clear, type(self)._census)
        return made.name

    def restore(self, *options, code=0):
        """Restore the volume beside the old one."""
        result = self.openstack(
            'backup', 'restore', '--from', self.source, '--volume', 'vault',
            '--suffix=-new', *options, '-f', 'json',
        )  # fmt: skip
        self.assertEqual(code, result.code, result)
        return result

    def restored(self, *options):
        """Restore the volume, and look at the new one."""
        (row,) = self.restore(*options).rows
        return self.tenant.conn.block_storage.get_volume(row['Restored'])

    def assert_bytes(self, volume):
        file = self.read_volume(volume.id)
        self.assertEqual(
            cloud.sha512(self.data), cloud.sha512_of(file, len(self.data))
        )

    def test_what_the_backup_records(self):
        found = json.loads(self.manifest.read_text())['items'][0]
        self.assertEqual(1, found['key']['luks'])
        storage = self.tenant.admin.block_storage
        luks = next(one for one in storage.types() if one.name == 'luks')
        self.assertEqual(luks.id, found['volume']['type_id'])
        self.assertNotIn('readonly', found['volume']['metadata'])

    def test_with_its_key(self):
        volume = self.restored()
        self.assertEqual(
            ('vault-new', 'luks', True),
            (volume.name, volume.volume_type, volume.is_encrypted),
        )
        self.assert_bytes(volume)

    def test_opened_into_another_type(self):
        name = self.new_type()
        volume = self.restored('--volume-type', f'luks={name}')
        self.assertEqual(
            (1, name, True),
            (volume.size, volume.volume_type, volume.is_encrypted),
        )
        self.assert_bytes(volume)

    def test_without_encryption_on_demand_only(self):
        options = ('--volume-type', 'luks=plain')
        self.tenant.volume('known')
        refused = self.restore(*options, code=1)
        self.assertIn('--decrypt', refused.out)
        volume = self.restored(*options, '--decrypt')
        self.assertEqual(
            (1, 'plain', False),
            (volume.size, volume.volume_type, volume.is_encrypted),
        )
        self.assert_bytes(volume)


class TestLarge(TestEncrypted):
    """The file is as large as the volume, with the header of LUKS in it."""

    large = True
