# SPDX-License-Identifier: Apache-2.0

import hashlib
import os
import stat

import pyrage

from backupclient import errors
from backupclient.operations import export_key
from backupclient.tests.unit.keys.luks import vectors
from backupclient.tests.unit.operations import base

PAYLOAD = vectors.KEY.payload
PHRASE = PAYLOAD.hex().encode()


class ExportKeyTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.secret = self.fake.barbican.add_secret('mine', PAYLOAD)
        self.volume = self.fake.cinder.add_volume(
            'data', key=self.secret['id']
        )
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)
        self.file = self.root / 'the.key'
        self.image = self.root / 'image.raw'
        self.image.write_bytes(vectors.image('luks2-pbkdf2'))

    def _refused(self, error, *arguments, **options):
        """Raise an error, and leave no file."""
        before = {*self.root.iterdir()}
        raised = self.assertRaises(
            error, export_key.export, self.session, *arguments, **options
        )
        self.assertEqual(before, {*self.root.iterdir()})
        self.assertNotIn(PHRASE.decode(), str(raised))
        return str(raised)

    def test_file(self):
        done = export_key.export(self.session, 'data', self.file)
        self.assertEqual(PHRASE, self.file.read_bytes())
        self.assertEqual(0o600, stat.S_IMODE(self.file.stat().st_mode))
        self.assertEqual(self.volume['id'], done.source.id)
        self.assertEqual(self.secret['id'], done.secret_id)
        self.assertEqual('passphrase', done.form)
        self.assertEqual('not checked', done.proof.opens)
        self.assertFalse(done.sealed)
        self.assertEqual(hashlib.sha256(PAYLOAD).hexdigest(), done.fingerprint)

    def test_result_has_no_key(self):
        done = export_key.export(self.session, 'data', self.file)
        for form in PHRASE.decode(), repr(PAYLOAD):
            self.assertNotIn(form, repr(done))

    def test_default_file(self):
        done = export_key.export(self.session, 'data')
        self.assertEqual(f'volume-{self.volume["id"]}.key', str(done.file))
        self.assertEqual(PHRASE, (self.root / done.file).read_bytes())

    def test_function(self):
        taken = []
        done = export_key.export(self.session, 'data', taken.append)
        self.assertEqual([PHRASE], taken)
        self.assertIsNone(done.file)

    def test_forms(self):
        taken = []
        for name, form, content in (
            ('data', None, PHRASE),
            ('data', export_key.Format.RAW, PAYLOAD),
            ('mine', None, PAYLOAD),
            ('mine', export_key.Format.HEX, PHRASE),
        ):
            export_key.export(self.session, name, taken.append, form=form)
            self.assertEqual(content, taken.pop(), (name, form))

    def test_sealed(self):
        identity = pyrage.x25519.Identity.generate()
        done = export_key.export(
            self.session, 'data', recipients=[str(identity.to_public())]
        )
        self.assertTrue(done.sealed)
        self.assertTrue(str(done.file).endswith('.key.age'))
        sealed = (self.root / done.file).read_bytes()
        self.assertEqual(PHRASE, pyrage.decrypt(sealed, [identity]))

    def test_existing_file(self):
        self.file.write_text('mine')
        self._refused(errors.TargetError, 'data', self.file)
        self.assertEqual('mine', self.file.read_text())

    def test_check(self):
        check = export_key.Check(self.image)
        done = export_key.export(self.session, 'data', check=check)
        self.assertEqual('yes', done.proof.opens)

    def test_check_in_vain(self):
        """Nothing is passed on either, before the proof."""
        self.fake.world.content[self.secret['id']] = bytes(32)
        for to in None, self.file, self.fail:
            for allowed in False, True:
                text = self._refused(
                    errors.BackupError,
                    'data',
                    to,
                    check=export_key.Check(self.image, allowed),
                )
                self.assertIn(f'does not open {self.image}', text)

    def test_no_header(self):
        self.image.write_bytes(b'root:x:0:0:')
        check = export_key.Check(self.image)
        self._refused(errors.BackupError, 'data', check=check)
        check = export_key.Check(self.image, allow_unchecked=True)
        done = export_key.export(self.session, 'data', check=check)
        self.assertEqual('not checked', done.proof.opens)

    def test_image_that_is_not_there(self):
        check = export_key.Check(self.root / 'no')
        text = self._refused(errors.DocumentError, 'data', check=check)
        self.assertIn('No such file', text)

    def test_kind(self):
        self.fake.glance.add_image(
            'data', b'x', cinder_encryption_key_id=self.secret['id']
        )
        self._refused(errors.UsageError, 'data')
        for kind in export_key.SourceKind.IMAGE, export_key.SourceKind.VOLUME:
            done = export_key.export(
                self.session, 'data', self.root / kind, kind=kind
            )
            self.assertEqual(kind, done.source.kind)

    def test_not_encrypted(self):
        self.fake.cinder.add_volume('plain')
        text = self._refused(errors.UsageError, 'plain')
        self.assertIn('is not encrypted', text)

    def test_volume_that_is_being_created(self):
        self.volume['status'] = 'creating'
        text = self._refused(errors.BackupError, 'data')
        self.assertIn('may get another key', text)
