# SPDX-License-Identifier: Apache-2.0

import hashlib
import json
import os
import stat

import pyrage

from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.osc import base

PAYLOAD = vectors.KEY.payload
RECIPIENT = pyrage.x25519.Identity.generate().to_public()


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
            self._export('data', '--key-format', form, '--file', file)
            self.assertEqual(content, file.read_bytes())

    def test_stdout(self):
        words = ['backup', 'export-key', 'data', '--file', '-']
        self.assertEqual(0, self.openstack(*words))
        self.assertEqual(PAYLOAD.hex().encode(), self.out.data)
        self.assertIn(self.secret['id'], self.err.said)
        self.assertIn('| Field ', self.err.said)

    def test_stdout_and_a_format_for_the_row(self):
        """Nothing but the key is on stdout; the row is what was asked for."""
        words = ['backup', 'export-key', 'data', '--file', '-']
        chosen = ['-c', 'secret_id', '-c', 'opens']
        for form, expected in (
            ('json', {'secret_id': self.secret['id'], 'opens': 'not checked'}),
            ('value', [self.secret['id'], 'not checked']),
        ):
            code = self.openstack(*words, *chosen, '-f', form)
            self.assertEqual(0, code, self.err.said)
            self.assertEqual(PAYLOAD.hex().encode(), self.out.data)
            row, caution, _ = self.err.said.partition('Caution: stdout has')
            self.assertTrue(caution)
            found = json.loads(row) if form == 'json' else row.splitlines()
            self.assertEqual(expected, found)

    def test_stdout_as_without_a_key(self):
        """The key's format does not choose that of the row, nor reverse."""
        words = ['backup', 'export-key', 'data', '--file', '-']
        options = ['--key-format', 'raw', '--format', 'yaml']
        self.assertEqual(0, self.openstack(*words, *options))
        self.assertEqual(PAYLOAD, self.out.data)
        self.assertIn('format: raw\n', self.err.said)

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
        for more in ([], ['--allow-unchecked'], ['--file', '-']):
            text = self._refused(1, 'data', '--check', image, *more)
            self.assertIn('does not open', text)

    def test_no_header(self):
        """Who asks for a proof gets one, or no key."""
        for content, why in (
            (b'root:x:0:0:root:/root:/bin/bash\n', 'no raw disk image'),
            (bytes(1 << 20), 'never attached'),
            (b'', 'is empty'),
        ):
            image = self.root / 'image.raw'
            image.write_bytes(content)
            for more in ([], ['--file', '-'], ['--encrypt-to', RECIPIENT]):
                text = self._refused(1, 'data', '--check', image, *more)
                self.assertIn(why, text)
                self.assertIn('No key file was written', text)
                self.assertIn('--allow-unchecked', text)
            row = self._export(
                'data', '--check', image, '--allow-unchecked',
                '--file', self.file,
            )  # fmt: skip
            self.assertEqual('not checked', row['opens'])
            self.assertIn(why, self.err.said)
            self.assertEqual(PAYLOAD.hex().encode(), self.file.read_bytes())
            self.file.unlink()

    def test_header_that_cannot_be_tried(self):
        """It is there: so nothing later makes it right."""
        image = self.root / 'image.raw'
        whole = vectors.image('luks2-pbkdf2')
        for content, why in (
            (whole[:20000], 'not complete'),
            (b'LUKS\xba\xbe\0\7' + whole[8:], 'not known here'),
        ):
            image.write_bytes(content)
            for more in ([], ['--allow-unchecked']):
                text = self._refused(1, 'data', '--check', image, *more)
                self.assertIn(why, text)
                self.assertNotIn('--allow-unchecked', text)
                self.assertIn('Without --check', text)

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
            ['data', '--key-format', 'pem'],
            ['data', '--format', 'passphrase'],
            ['data', '--allow-unchecked'],
        ):
            self._refused(2, *words)

    def test_twins_are_told_apart(self):
        server = self.fake.nova.add_server('web')
        self.fake.cinder.add_volume(
            'data',
            size=7,
            server=server['id'],
            created_at='2026-11-20T10:11:12.000000',
            volume_image_metadata={'image_name': 'restore-00000001-volume'},
        )
        text = self._refused(2, 'data')
        for words in (
            'More than one volume, snapshot, backup, image or secret has',
            f'volume "data" ({self.volume["id"]}), created ',
            'created 2026-11-20 10:11 UTC, 7 GiB, attached to server '
            f'{server["id"]}, made by a restore',
            'Give the ID of the one that you mean.',
        ):
            self.assertIn(words, text)
        self.fake.glance.add_image('data', b'12345')
        text = self._refused(2, 'data')
        self.assertIn('5 bytes', text)
        self.assertIn('or its --kind.', text)

    def test_hints(self):
        text = self._refused(2, 'Data')
        self.assertIn(
            f'It could mean: volume "data" ({self.volume["id"]})', text
        )
        for kind, noun in (
            ('snapshot', 'volume snapshot'),
            ('secret', 'secret'),
        ):
            text = self._refused(2, 'zzz', '--kind', kind)
            self.assertIn(f'No {kind} has the name or ID "zzz".', text)
            self.assertIn(f'"openstack {noun} list" shows', text)

    def test_no_right_to_read_it(self):
        self.fake.barbican.private.add(self.secret['id'])
        self.assertIn('cannot be read', self._refused(1, 'data'))

    def test_fixed_key(self):
        del self.volume['encryption_key_id']
        self.assertIn('fixed key', self._refused(1, 'data'))
