# SPDX-License-Identifier: Apache-2.0
"""A project of one of each kind, for stores: what has to come back of it."""

import pathlib

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge

WORD = b'\x00\xff\n payload'
SMALL = b'small' * 99


class OneOfEach(base.TestCase):
    """To make it takes longer than a backup of it, so the tests share it."""

    shared = True

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def make(self):
        names = ('plain', 'luks', 'image')
        self.data = {name: cloud.content() for name in names}
        self.plain = self.tenant.volume('plain', self.data['plain'])
        self.luks = self.tenant.encrypted_volume('luks', self.data['luks'])
        self.image = self.tenant.image('image', self.data['image'])
        self.tenant.server('guest', image=self.image)
        self.secret = self.tenant.secret('word', 'opaque', WORD)
        self.small = self.tenant.image('small', SMALL)

    def command(self, *words, code=0, **options):
        """Run one of our commands."""
        done = self.openstack('backup', *words, '-f', 'json', **options)
        self.assertEqual(code, done.code, done)
        return done

    def results(self, done, count=6):
        """Return what came of all resources, by their names."""
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in done.rows}, done
        )
        column = 'Restored' if 'Restored' in done.rows[0] else 'Result'
        found = {(row['Kind'], row['Name']): row for row in done.rows}
        self.assertEqual(count, len(found), done)
        return {name: row[column] for (_, name), row in found.items()}

    def check_pruned(self, target, old, new, tenant):
        """Of two runs the old one goes, and the new one stays."""
        for runs in ({old, new}, {new}):
            done = self.command('history', '--from', target, tenant=tenant)
            self.assertEqual(runs, {row['Run'] for row in done.rows}, done)
            done = self.command(
                'prune', '--from', target, '--keep-last', '1', '--yes',
                tenant=tenant,
            )  # fmt: skip
            self.assertEqual(
                {'keep'} | ({'deleted'} if old in runs else set()),
                {row['Action'] for row in done.rows},
            )

    def assert_plain(self, file):
        """A file is the whole plain volume."""
        original = judge.Original(self.data['plain'], cloud.SMALL)
        self.assertTrue(original.is_in(file), file)

    def assert_guest(self, file):
        """A disk image is the server's disk."""
        original = judge.Original(self.data['image'], cloud.GIB)
        self.assertTrue(original.is_in(cloud.raw(file)), file)

    def assert_luks(self, file):
        """A file begins as the encrypted volume, decrypted.

        What was never written decrypts to noise.
        """
        data = self.data['luks']
        self.assertEqual(cloud.sha512(data), cloud.sha512_of(file, len(data)))

    def assert_files(self, folder, found):
        """All is in files that were decrypted on the way."""
        files = {name: folder / path for name, path in found.items()}
        self.assert_plain(files['plain'])
        self.assert_luks(files['luks'])
        self.assert_guest(files['guest'])
        self.assertEqual(self.data['image'], files['image'].read_bytes())
        self.assertEqual(SMALL, files['small'].read_bytes())
        self.assertEqual(WORD, files['word'].read_bytes())

    def assert_restored(self, found, tenant):
        """All is in another project, as a guest reads it."""
        self.assert_plain_restored(found['plain'], tenant)
        self.assert_luks_restored(found['luks'], tenant)
        self.assert_guest_restored(found['guest'], tenant)
        for name, data in ('image', self.data['image']), ('small', SMALL):
            image = tenant.conn.image.get_image(found[name])
            self.assertEqual(cloud.sha512(data), image.hash_value, name)
        payload = tenant.conn.key_manager.get(
            f'/secrets/{found["word"]}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        self.assertEqual(WORD, payload.content)

    def assert_plain_restored(self, volume_id, tenant):
        # The disk is as large as Cinder believes.
        original = judge.Original(self.data['plain'], cloud.GIB)
        self.assertTrue(original.is_in(self.read_volume(volume_id, tenant)))

    def assert_luks_restored(self, volume_id, tenant):
        volume = tenant.conn.block_storage.get_volume(volume_id)
        self.assertTrue(volume.is_encrypted)
        self.assert_luks(self.read_volume(volume_id, tenant))

    def assert_guest_restored(self, server_id, tenant):
        server = tenant.conn.compute.get_server(server_id)
        self.assertEqual('ACTIVE', server.status)
        original = judge.Original(self.data['image'], cloud.GIB)
        disk = cloud.disk_of(server_id, self.folder)
        self.assertTrue(original.is_in(disk))
