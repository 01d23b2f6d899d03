# SPDX-License-Identifier: Apache-2.0

import hashlib
import json
import os
import stat

import pyrage

from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.osc import base

PAYLOAD = vectors.KEY.payload


class ExportKeyTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.secret = self.fake.barbican.add_secret('', PAYLOAD)
        self.volume = self.fake.cinder.add_volume(
            'data', key=self.secret['id']
        )
        self.file = self.root / 'the.key'
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.root)

    def _export(self, *words, code=0):
        found = self.openstack('backup', 'export-key', *words, '-f', 'json')
        self.assertEqual(code, found, self.err.said)
        return json.loads(self.out.said) if not code else None

    def _refused(self, code, *words):
        before = {*os.listdir(self.root)}
        found = self.openstack('backup', 'export-key', *words)
        self.assertEqual(code, found, self.err.said)
        self.assertEqual('', self.out.said)
        self.assertEqual(before, {*os.listdir(self.root)})
        return self.err.said

    def test_row(self):
        row = self._export('data', '--file', self.file)
        self.assertEqual(
            {
                'source_kind': 'volume',
                'source_id': self.volume['id'],
                'secret_id': self.secret['id'],
                'secret_type': 'symmetric',
                'algorithm': 'aes',
                'bit_length': 256,
                'format': 'passphrase',
                'file': str(self.file),
                'fingerprint': hashlib.sha256(PAYLOAD).hexdigest(),
                'opens': 'not checked',
            },
            row,
        )
        self.assertEqual(PAYLOAD.hex().encode(), self.file.read_bytes())
        self.assertEqual(0o600, stat.S_IMODE(self.file.stat().st_mode))
        self.assertIn('Caution', self.err.said)

    def test_the_key_is_never_shown(self):
        self._export('data', '--debug')
        for text in (self.out.said, self.err.said):
            self.assertNotIn(PAYLOAD.hex(), text)

    def test_default_file(self):
        self._export('data')
        path = self.root / f'volume-{self.volume["id"]}.key'
        self.assertTrue(path.exists())

    def test_formats(self):
        for form, content in (
            ('passphrase', PAYLOAD.hex().encode()),
            ('raw', PAYLOAD),
            ('hex', PAYLOAD.hex().encode()),
        ):
            file = self.root / form
            self._export('data', '--format', form, '--file', file)
            self.assertEqual(content, file.read_bytes())

    def test_stdout(self):
        words = ['backup', 'export-key', 'data', '--file', '-']
        self.assertEqual(0, self.openstack(*words))
        self.assertEqual(PAYLOAD.hex().encode(), self.out.data)
        self.assertIn(self.secret['id'], self.err.said)

    def test_no_terminal(self):
        words = ['backup', 'export-key', 'data', '--file', '-']
        self.assertEqual(2, self.openstack(*words, terminal=True))
        self.assertEqual('', self.out.said)
        self.assertEqual(
            [], [r for r in self.fake.seen if 'payload' in r.path]
        )

    def test_existing_file_is_not_replaced(self):
        self.file.write_text('mine')
        self._refused(1, 'data', '--file', self.file)
        self.assertEqual('mine', self.file.read_text())

    def test_check(self):
        image = self.root / 'image.raw'
        image.write_bytes(vectors.image('luks2-pbkdf2'))
        row = self._export('data', '--check', image, '--file', self.file)
        self.assertEqual('yes', row['opens'])

    def test_check_in_vain(self):
        image = self.root / 'image.raw'
        image.write_bytes(vectors.image('luks2-pbkdf2'))
        self.fake.world.content[self.secret['id']] = bytes(32)
        text = self._refused(1, 'data', '--check', image)
        self.assertIn('does not open', text)

    def test_sealed(self):
        identity = pyrage.x25519.Identity.generate()
        words = ['data', '--encrypt-to', identity.to_public()]
        self._export(*words)
        file = self.root / f'volume-{self.volume["id"]}.key.age'
        opened = pyrage.decrypt(file.read_bytes(), [identity])
        self.assertEqual(PAYLOAD.hex().encode(), opened)
        self.assertNotIn('Caution', self.err.said)

    def test_kinds(self):
        backup = self.fake.cinder.add_backup(
            self.volume, 'b', encryption_key_id=self.secret['id']
        )
        snapshot = self.fake.world.add(
            'snapshots', 's', volume_id=self.volume['id'], status='available'
        )
        image = self.fake.glance.add_image(
            'i', b'x', cinder_encryption_key_id=self.secret['id']
        )
        for kind, thing in (
            ('backup', backup),
            ('image', image),
            ('secret', self.secret),
            ('snapshot', snapshot),
            ('volume', self.volume),
        ):
            for words in ([thing['id']], [thing['id'], '--kind', kind]):
                file = self.root / f'{kind} {len(words)}'
                row = self._export(*words, '--file', file)
                self.assertEqual(kind, row['source_kind'])
                self.assertEqual(self.secret['id'], row['secret_id'])
        self.assertEqual(PAYLOAD, (self.root / 'secret 1').read_bytes())

    def test_href(self):
        ref = f'http://elsewhere:9311/v1/secrets/{self.secret["id"]}'
        self._export(ref, '--file', self.file)
        hosts = {request.service for request in self.fake.seen}
        self.assertLessEqual(hosts, {'barbican', 'cinder', 'glance'})

    def test_wrong_arguments(self):
        plain = self.fake.cinder.add_volume('plain')
        self.fake.cinder.add_volume('twin')
        self.fake.glance.add_image('twin')
        for words in (
            [],
            ['no-such'],
            ['twin'],
            [plain['id']],
            ['data', '--kind', 'image'],
            ['data', '--kind', 'server'],
            ['data', '--format', 'pem'],
        ):
            self._refused(2, *words)

    def test_no_right_to_read_it(self):
        self.fake.barbican.private.add(self.secret['id'])
        self.assertIn('cannot be read', self._refused(1, 'data'))

    def test_fixed_key(self):
        del self.volume['encryption_key_id']
        self.assertIn('fixed key', self._refused(1, 'data'))
