# SPDX-License-Identifier: Apache-2.0
"""Our proof against the answer of the tools that people would use."""

import functools
import pathlib
import shutil
import subprocess

from cryptography.hazmat.primitives.kdf import argon2
import fixtures
import testtools

from backupclient.keys import passphrase
from backupclient.keys.luks import proof
from backupclient.store import localfolder
from backupclient.tests.unit.keys.luks import vectors

CHEAP = ('--pbkdf-force-iterations', '1000')
CHEAP_ARGON2 = (
    *('--pbkdf-force-iterations', '4'),
    *('--pbkdf-memory', '64', '--pbkdf-parallel', '2'),
)
FORMATS = {
    'Cinder, luks': ('luks1', 'aes-xts-plain64', '256', 'sha256', CHEAP),
    'AES-256': ('luks1', 'aes-xts-plain64', '512', 'sha512', CHEAP),
    'old': ('luks1', 'aes-cbc-essiv:sha256', '256', 'sha1', CHEAP),
    'older': ('luks1', 'aes-cbc-plain', '128', 'sha1', CHEAP),
    'AES-192': ('luks1', 'aes-cbc-plain64', '192', 'sha256', CHEAP),
    'LUKS2, PBKDF2': (
        *('luks2', 'aes-xts-plain64', '512', 'sha256'),
        ('--pbkdf', 'pbkdf2', *CHEAP),
    ),
    'LUKS2, Argon2id': (
        *('luks2', 'aes-xts-plain64', '256', 'sha512'),
        ('--pbkdf', 'argon2id', *CHEAP_ARGON2),
    ),
}


class OracleCase(testtools.TestCase):
    """Has a folder with an image and a key file."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.image = self.folder / 'image.raw'
        self.key = self.folder / 'key'
        self.key.write_bytes(
            passphrase.encode(vectors.KEY, passphrase.Format.PASSPHRASE)
        )

    def run_tool(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True
        )

    def make(self, *words: str) -> None:
        # qemu-img measures the processor first, and gives up when that took
        # no time by the kernel's clock.
        for _ in range(10):
            done = self.run_tool(*words)
            if 'accurate CPU usage' not in done.stderr:
                break
        self.assertEqual(0, done.returncode, done.stderr)

    def proved(self) -> proof.Proof:
        return self.prove([self.key.read_bytes()])

    def prove(self, candidates):
        store = localfolder.Folder(self.folder)
        image = functools.partial(store.read, self.image.name)
        return proof.prove(image, candidates)


@testtools.skipUnless(shutil.which('cryptsetup'), 'needs cryptsetup')
class TestCryptsetup(OracleCase):
    """``cryptsetup open --test-passphrase`` needs no root either."""

    def format(self, kind, cipher, size, hash_name, options):
        self.image.write_bytes(b'')
        with self.image.open('r+b') as file:
            file.truncate(20 << 20)
        self.make(
            *('cryptsetup', 'luksFormat', '--batch-mode', '--type', kind),
            *('--cipher', cipher, '--key-size', size, '--hash', hash_name),
            *(*options, '--key-file', 'key', 'image.raw'),
        )

    def accepted(self) -> bool:
        done = self.run_tool(
            *('cryptsetup', 'open', '--test-passphrase'),
            *('--key-file', 'key', 'image.raw'),
        )
        self.assertIn(done.returncode, (0, 2), done.stderr)
        return done.returncode == 0

    def assert_agreed(self, opens: proof.Opens) -> None:
        self.assertEqual(opens, self.proved().opens)
        self.assertEqual(opens is proof.Opens.YES, self.accepted())

    def test_formats(self):
        right = self.key.read_bytes()
        for name, options in FORMATS.items():
            with self.subTest(name):
                self.key.write_bytes(right)
                self.format(*options)
                self.assert_agreed(proof.Opens.YES)
                self.key.write_bytes(right + b'\n')
                self.assert_agreed(proof.Opens.NO)

    def test_argon2i(self):
        options = ('--pbkdf', 'argon2i', *CHEAP_ARGON2)
        self.format('luks2', 'aes-xts-plain', '512', 'sha256', options)
        self.assertTrue(self.accepted())
        # It came to the library some time after Argon2id.
        known = hasattr(argon2, 'Argon2i')
        self.assertIs(
            proof.Opens.YES if known else proof.Opens.NOT_CHECKED,
            self.proved().opens,
        )

    def test_second_key(self):
        for kind in ('luks1', 'luks2'):
            with self.subTest(kind):
                options = ('--pbkdf', 'pbkdf2', *CHEAP)
                self.format(kind, 'aes-xts-plain64', '256', 'sha256', options)
                other = self.folder / 'other'
                other.write_bytes(b'another key')
                self.make(
                    *('cryptsetup', 'luksAddKey', '--batch-mode', *options),
                    *('--key-file', 'key', 'image.raw', 'other'),
                )
                found = self.prove([b'none', other.read_bytes()])
                self.assertEqual(1, found.opened_by)
                self.make(
                    *('cryptsetup', 'luksRemoveKey', '--batch-mode'),
                    *('image.raw', 'key'),
                )
                self.assert_agreed(proof.Opens.NO)

    def test_vectors(self):
        for name in vectors.NAMES:
            with self.subTest(name):
                self.image.write_bytes(vectors.image(name))
                with self.image.open('r+b') as file:
                    file.truncate(20 << 20)
                self.assert_agreed(proof.Opens.YES)


@testtools.skipUnless(shutil.which('qemu-img'), 'needs qemu-img')
class TestQemu(OracleCase):
    """RBD and NFS volumes are formatted by ``qemu-img``."""

    def test_luks(self):
        self.make(
            *('qemu-img', 'create', '-f', 'luks'),
            *('--object', 'secret,id=s,format=raw,file=key'),
            *('-o', 'key-secret=s,cipher-alg=aes-256,cipher-mode=xts'),
            *('-o', 'iter-time=10', 'image.raw', '1M'),
        )
        self.assertEqual(proof.Opens.YES, self.proved().opens)
        self.key.write_bytes(vectors.KEY.payload)
        self.assertEqual(proof.Opens.NO, self.proved().opens)
