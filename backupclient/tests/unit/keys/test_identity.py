# SPDX-License-Identifier: Apache-2.0
"""Tests of private keys, made by pyrage, ``age-keygen`` and ``ssh-keygen``."""

import base64
import contextlib
import os
import pathlib
import pickle
import pty
import shutil
import subprocess
from unittest import mock

import fixtures
import hypothesis
from hypothesis import strategies
import pyrage
import testtools

from backupclient import errors
from backupclient.keys import identity
from backupclient.keys import protection
from backupclient.tests.unit.keys import agefile

DATA = b'passphrase of a volume'
WHAT = 'The key keys/volume-1.key.age'
KEY = pyrage.x25519.Identity.generate()
SECRET = str(KEY)
PUBLIC = str(KEY.to_public())
OTHER = pyrage.x25519.Identity.generate()
PASSPHRASE = 'correct horse'


def sealed_to(*recipients: str) -> bytes:
    return protection.Protector(recipients).seal(DATA)


class Person:
    """Types passphrases, and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.prompts = []

    def __call__(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return self.answers.pop(0)


class IdentityCase(testtools.TestCase):
    """Has a folder for identity files."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def file(self, content: str | bytes, name: str = 'id') -> str:
        path = self.folder / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return str(path)

    def assert_refused(
        self, reason: str, path: str, ask: identity.Ask | None = None
    ) -> str:
        error = self.assertRaises(
            errors.UsageError, identity.Identities.load, [path], ask
        )
        self.assertIn(reason, str(error))
        self.assertIn(path, str(error))
        self.assertIsNone(error.__cause__)
        self.assertTrue(error.__suppress_context__ or not error.__context__)
        return str(error)


class TestAgeFiles(IdentityCase):
    """Files with one age identity on each line."""

    def test_several_lines(self):
        path = self.file(f'# created: now\n\n{OTHER}\r\n  {SECRET}\n# end')
        known = identity.Identities.load([path])
        self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))
        self.assertEqual(
            DATA, known.open(sealed_to(str(OTHER.to_public())), WHAT)
        )

    def test_several_files(self):
        paths = [self.file(str(OTHER), 'a'), self.file(SECRET, 'b')]
        known = identity.Identities.load(paths)
        self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))

    def test_pipe(self):
        """A shell's ``<(...)`` is a pipe, which has no size."""
        with subprocess.Popen(
            ['echo', SECRET], stdout=subprocess.PIPE
        ) as process:
            name = f'/dev/fd/{process.stdout.fileno()}'
            known = identity.Identities.load([name])
        self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))

    def test_missing(self):
        missing = str(self.folder / 'none')
        self.assert_refused('No such file', missing)

    def test_folder(self):
        self.assert_refused('Is a directory', str(self.folder))

    def test_not_permitted(self):
        path = self.file(SECRET)
        with mock.patch.object(
            pathlib.Path,
            'open',
            autospec=True,
            side_effect=PermissionError(13, 'denied'),
        ):
            self.assert_refused('cannot be read: denied', path)

    def test_no_file_name(self):
        error = self.assertRaises(
            errors.UsageError, identity.Identities.load, ['a\0b']
        )
        self.assertIn('not a file name', str(error))

    def test_empty(self):
        self.assert_refused('no private key in it', self.file('# none\n'))

    def test_too_large(self):
        self.assert_refused('larger than', self.file(b'#' * (1 << 20) + b'#'))

    def test_public_keys(self):
        for public in (
            PUBLIC,
            'ssh-ed25519 AAAA',
            'ecdsa-sha2-nistp256 AAAA',
            'sk-ssh-ed25519@openssh.com AAAA',
        ):
            path = self.file(f'{SECRET}\n{public}\n')
            text = self.assert_refused('line 2 is a public key', path)
            self.assertIn('AGE-SECRET-KEY-1...', text)

    def test_certificate(self):
        path = self.file('ssh-ed25519-cert-v01@openssh.com AAAA\n')
        self.assert_refused('an SSH certificate', path)

    def test_plugin(self):
        path = self.file('AGE-PLUGIN-YUBIKEY-1QQQQ\n')
        self.assert_refused('needs a plugin', path)

    def test_lines_are_not_shown(self):
        broken = SECRET[:-1] + ('Q' if SECRET[-1] != 'Q' else 'P')
        for wrong in (broken, 'my pin is 4711', b'\xff\xfe\x00'):
            path = self.file(wrong)
            text = self.assert_refused('line 1 is not an age identity', path)
            self.assertNotIn(SECRET[-10:-2], text)
            self.assertNotIn('4711', text)

    @hypothesis.settings(max_examples=100, deadline=None)
    @hypothesis.given(
        strategies.sampled_from(
            [
                b'',
                b'AGE-SECRET-KEY-1',
                b'-----BEGIN OPENSSH PRIVATE KEY-----\n',
                b'-----BEGIN RSA PRIVATE KEY-----\n',
                b'-----BEGIN AGE ENCRYPTED FILE-----\n',
                b'age-encryption.org/v1\n',
            ]
        ),
        strategies.binary() | strategies.binary().map(base64.b64encode),
    )
    def test_any_bytes(self, start, rest):
        path = self.file(start + rest)
        self.assertRaises(errors.UsageError, identity.Identities.load, [path])


class TestOpen(IdentityCase):
    """What the keys decrypt, and what is said when they do not."""

    def setUp(self):
        super().setUp()
        self.known = identity.Identities([KEY])

    def refused(self, known: identity.Identities, data: bytes) -> str:
        error = self.assertRaises(identity.NotOpened, known.open, data, WHAT)
        self.assertTrue(str(error).startswith(WHAT))
        return str(error)

    def test_none_given(self):
        known = identity.Identities.load([])
        self.assertFalse(known)
        self.assertIn('--identity', self.refused(known, sealed_to(PUBLIC)))

    def test_not_meant(self):
        data = sealed_to(str(OTHER.to_public()))
        self.assertTrue(self.known)
        self.assertIn('other recipients', self.refused(self.known, data))

    def test_damaged(self):
        sealed = sealed_to(PUBLIC)
        for place in (-1, len(sealed) // 2):
            data = bytearray(sealed)
            data[place] ^= 1
            self.assertIn('damaged', self.refused(self.known, bytes(data)))
        self.assertIn('damaged', self.refused(self.known, sealed[:-3]))

    def test_no_age_file(self):
        for data in (b'', DATA, b'age-encryption.org/v2\n'):
            self.assertIn('not encrypted', self.refused(self.known, data))

    def test_passphrase_file_costs_nothing(self):
        """A file from elsewhere cannot make scrypt run."""
        data = b'age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n'
        self.refused(self.known, data)

    def test_secrets_are_not_shown(self):
        self.assertNotIn(SECRET[20:30], repr(self.known))
        self.assertRaises(TypeError, pickle.dumps, self.known)


class TestPassphrase(IdentityCase):
    """Identity files that age has encrypted."""

    sealed = agefile.seal(f'# mine\n{SECRET}\n'.encode(), '1 2')

    def test_asked(self):
        path = self.file(self.sealed)
        person = Person('1 2')
        known = identity.Identities.load([path], person)
        self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))
        self.assertEqual([f"Passphrase of '{path}': "], person.prompts)

    def test_armor(self):
        lines = base64.encodebytes(self.sealed).decode()
        path = self.file(
            '-----BEGIN AGE ENCRYPTED FILE-----\n'
            f'{lines}-----END AGE ENCRYPTED FILE-----\n'
        )
        known = identity.Identities.load([path], Person('wrong', '1 2'))
        self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))

    def test_wrong(self):
        path = self.file(self.sealed)
        person = Person('hunter2', '', 'hunter3', '1 2')
        text = self.assert_refused('passphrase is wrong', path, person)
        self.assertNotIn('hunter', text)
        self.assertEqual(3, len(person.prompts))

    def test_no_terminal(self):
        self.assert_refused('no terminal', self.file(self.sealed))

    def test_work_has_a_limit(self):
        path = self.file(self.sealed.replace(b' 8\n', b' 23\n', 1))
        self.assert_refused('work factor of 23', path, Person())

    def test_memory_has_a_limit(self):
        path = self.file(self.sealed.replace(b' 8\n', b' 18\n', 1))
        with mock.patch.object(
            identity.memory, 'available', autospec=True, return_value=300 << 20
        ):
            self.assert_refused('256 MiB', path, Person())

    def test_encrypted_to_keys(self):
        path = self.file(sealed_to(PUBLIC))
        self.assert_refused('not with a passphrase', path, Person())

    def test_content_that_is_no_identity(self):
        path = self.file(agefile.seal(b'my pin is 4711', 'p'))
        text = self.assert_refused('line 1', path, Person('p'))
        self.assertNotIn('4711', text)


@testtools.skipUnless(shutil.which('ssh-keygen'), 'needs ssh-keygen')
class TestSshKeys(IdentityCase):
    """Private keys of ``ssh-keygen``."""

    def key(self, *options: str, passphrase: str = '') -> str:
        path = self.folder / 'key'
        for old in self.folder.glob('key*'):
            old.unlink()
        subprocess.run(
            ['ssh-keygen', '-q', *options, '-N', passphrase, '-f', path],
            check=True,
            capture_output=True,
        )
        return str(path)

    def assert_opens(self, path: str, ask: identity.Ask | None = None):
        sealed = sealed_to(*protection.expand([f'{path}.pub']))
        known = identity.Identities.load([path], ask)
        self.assertEqual(DATA, known.open(sealed, WHAT))

    def test_plain(self):
        for options in (
            ('-t', 'ed25519'),
            ('-t', 'rsa', '-b', '2048'),
            ('-t', 'rsa', '-b', '2048', '-m', 'PEM'),
            ('-t', 'rsa', '-b', '2048', '-m', 'PKCS8'),
        ):
            with self.subTest(options):
                self.assert_opens(self.key(*options))

    def test_with_passphrase(self):
        for options in (
            ('-t', 'ed25519'),
            ('-t', 'rsa', '-b', '2048'),
            ('-t', 'rsa', '-b', '2048', '-m', 'PEM'),
            ('-t', 'rsa', '-b', '2048', '-m', 'PKCS8'),
            ('-t', 'ed25519', '-Z', 'aes256-cbc'),
        ):
            with self.subTest(options):
                path = self.key(*options, passphrase=PASSPHRASE)
                person = Person('wrong', PASSPHRASE)
                self.assert_opens(path, person)
                self.assertEqual(2, len(person.prompts))

    def test_wrong_passphrase(self):
        path = self.key('-t', 'ed25519', '-a', '1', passphrase=PASSPHRASE)
        person = Person('hunter2', 'hunter3', 'hunter4')
        text = self.assert_refused('passphrase is wrong', path, person)
        self.assertNotIn('hunter', text)

    def test_no_terminal(self):
        path = self.key('-t', 'ed25519', '-a', '1', passphrase=PASSPHRASE)
        self.assert_refused('no terminal', path)

    def test_type_that_age_cannot_use(self):
        path = self.key('-t', 'ecdsa')
        self.assert_refused('ed25519 and rsa only', path)

    def test_public_key(self):
        path = self.key('-t', 'ed25519')
        self.assert_refused('a public key', f'{path}.pub')

    def test_damaged(self):
        path = self.key('-t', 'ed25519')
        lines = pathlib.Path(path).read_text().splitlines()
        damaged = self.file('\n'.join([lines[0], lines[1][:20], lines[-1]]))
        text = self.assert_refused('damaged', damaged)
        self.assertNotIn(lines[1][:20], text)


@testtools.skipUnless(shutil.which('age-keygen'), 'needs age')
class TestAge(IdentityCase):
    """What the plain ``age`` tools write."""

    def test_age(self):
        path = self.folder / 'age'
        made = subprocess.run(
            ['age-keygen', '-o', path], check=True, capture_output=True
        )
        public = made.stderr.decode().split()[-1]
        sealed = subprocess.run(
            ['age', '-r', public, '-r', PUBLIC],
            input=DATA,
            check=True,
            capture_output=True,
        ).stdout
        known = identity.Identities.load([str(path)])
        self.assertEqual(DATA, known.open(sealed, WHAT))

    def test_passphrase(self):
        plain, path = self.file(SECRET, 'plain'), str(self.folder / 'sealed')
        for options in ((), ('--armor',)):
            typed = ['age', '--passphrase', *options, '-o', path, plain]
            self.run_on_terminal(typed, f'{PASSPHRASE}\n{PASSPHRASE}\n')
            known = identity.Identities.load([path], Person(PASSPHRASE))
            self.assertEqual(DATA, known.open(sealed_to(PUBLIC), WHAT))

    def run_on_terminal(self, command: list[str], typed: str) -> None:
        """Run a program that asks for a passphrase on its terminal."""
        process, terminal = pty.fork()
        if not process:
            os.execvp(command[0], command)
        try:
            for line in typed.splitlines(keepends=True):
                while not os.read(terminal, 1000).endswith((b': ', b'? ')):
                    pass
                os.write(terminal, line.encode())
            with contextlib.suppress(OSError):  # How its end is told.
                while os.read(terminal, 1000):
                    pass
        finally:
            os.close(terminal)
            _, status = os.waitpid(process, 0)
        self.assertEqual(0, status)
