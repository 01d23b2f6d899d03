# SPDX-License-Identifier: Apache-2.0
"""Tests of encryption to people, opened by pyrage and by ``age``."""

import base64
import pathlib
import shutil
import subprocess

import fixtures
import hypothesis
from hypothesis import strategies
import pyrage
import testtools

from backupclient import errors
from backupclient.keys import protection

DATA = bytes(range(256)) * 3
IDENTITY = pyrage.x25519.Identity.generate()
PUBLIC = str(IDENTITY.to_public())
SECRET = str(IDENTITY)
OTHER = str(pyrage.x25519.Identity.generate().to_public())
ECDSA = (
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB'
)
SHORT_RSA = (
    'ssh-rsa '
    + base64.b64encode(
        b'\0\0\0\7ssh-rsa\0\0\0\3\1\0\1\0\0\0\x81\0' + b'\xc5' * 128
    ).decode()
)


class ProtectionCase(testtools.TestCase):
    """Has a folder for files of recipients."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def file(self, content: str | bytes) -> str:
        path = self.folder / 'recipients.txt'
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return str(path)

    def assert_refused(self, reason: str, *values: str) -> str:
        error = self.assertRaises(errors.UsageError, protection.expand, values)
        self.assertIn(reason, str(error))
        return str(error)


class TestExpand(ProtectionCase):
    """What ``--encrypt-to`` takes."""

    def test_keys(self):
        self.assertEqual(
            (OTHER, PUBLIC), protection.expand([OTHER, PUBLIC, OTHER])
        )

    def test_file(self):
        name = self.file(f'# me\n\n  {PUBLIC}\r\n{OTHER}\n\t# end')
        self.assertEqual((PUBLIC, OTHER), protection.expand([name, PUBLIC]))

    def test_nothing(self):
        self.assertEqual((), protection.expand([]))

    def test_file_without_keys(self):
        self.assert_refused('no public key in', self.file('# none\n'))

    def test_neither_key_nor_file(self):
        text = self.assert_refused('No such file', 'alice', PUBLIC)
        self.assertIn("'alice' is neither", text)

    def test_folder(self):
        self.assert_refused('Is a directory', str(self.folder))

    def test_no_text(self):
        self.assert_refused('(no text)', self.file(b'\xff\xfe'))

    def test_mistyped(self):
        wrong = PUBLIC[:-1] + ('q' if PUBLIC[-1] != 'q' else 'p')
        text = self.assert_refused('not a public key', wrong)
        self.assertIn(wrong, text)

    def test_ssh_keys_that_age_cannot_use(self):
        self.assert_refused('2048 bits', SHORT_RSA)
        self.assert_refused('Line 1 of', self.file(ECDSA))
        self.assert_refused('not a public key', 'ssh-ed25519 AAAA')

    def test_line_is_named_not_shown(self):
        text = self.assert_refused(
            'Line 2 of', self.file(f'{PUBLIC}\nmy pin is 4711\n')
        )
        self.assertNotIn('4711', text)

    def test_secret_keys(self):
        private = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkt\n'
        plugin = 'AGE-PLUGIN-YUBIKEY-1QQQQ'
        for secret in (SECRET, SECRET.lower(), private, plugin):
            for value in (secret, self.file(f'# me\n{secret}\n')):
                text = self.assert_refused('is a secret key', value)
                for line in secret.splitlines():
                    self.assertNotIn(line, text)

    @hypothesis.settings(max_examples=50, deadline=None)
    @hypothesis.given(
        strategies.sampled_from(['age1', 'ssh-rsa ', 'ssh-ed25519 ']),
        strategies.text()
        | strategies.binary().map(
            lambda data: base64.b64encode(data).decode()
        ),
    )
    def test_any_text(self, start, text):
        self.assertRaises(errors.UsageError, protection.expand, [start + text])


class TestProtector(ProtectionCase):
    """What is encrypted can be decrypted, by those meant."""

    def test_seal(self):
        sealed = protection.Protector([OTHER, PUBLIC]).seal(DATA)
        self.assertTrue(sealed.startswith(b'age-encryption.org/v1\n'))
        self.assertNotIn(DATA[:32], sealed)
        self.assertEqual(DATA, pyrage.decrypt(sealed, [IDENTITY]))

    def test_not_meant(self):
        sealed = protection.Protector([OTHER]).seal(DATA)
        self.assertRaises(
            pyrage.DecryptError, pyrage.decrypt, sealed, [IDENTITY]
        )

    def test_no_recipient(self):
        self.assertRaises(errors.UsageError, protection.Protector, [])

    def test_secret_key(self):
        error = self.assertRaises(
            errors.UsageError, protection.Protector, [SECRET]
        )
        self.assertNotIn(SECRET, str(error))


@testtools.skipUnless(
    shutil.which('age') and shutil.which('ssh-keygen'),
    'needs age and ssh-keygen',
)
class TestAge(ProtectionCase):
    """The plain ``age`` tool opens it."""

    def opened(self, recipient: str, identity: str) -> bytes:
        keys = protection.expand([recipient])
        sealed = protection.Protector(keys).seal(DATA)
        return subprocess.run(
            ['age', '--decrypt', '-i', identity],
            cwd=self.folder,
            input=sealed,
            check=True,
            capture_output=True,
        ).stdout

    def test_age_key(self):
        (self.folder / 'id').write_text(SECRET)
        self.assertEqual(DATA, self.opened(PUBLIC, 'id'))

    def test_ssh_keys(self):
        for kind in ('ed25519', 'rsa'):
            with self.subTest(kind):
                path = self.folder / kind
                subprocess.run(
                    ['ssh-keygen', '-q', '-t', kind, '-N', '', '-f', path],
                    check=True,
                )
                self.assertEqual(DATA, self.opened(f'{path}.pub', kind))
