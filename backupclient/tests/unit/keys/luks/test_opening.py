# SPDX-License-Identifier: Apache-2.0
"""Tests of opened disks, against ``cryptsetup`` and ``qemu-img``."""

import functools
import hashlib
import pathlib
import pickle
import random
import shutil
import subprocess

import fixtures
import testtools

from backupclient.keys.luks import opening
from backupclient.keys.luks import payloads
from backupclient.keys.luks import untrusted
from backupclient.store import localfolder
from backupclient.tests.unit.keys.luks import vectors

MIB = 1 << 20
PASSPHRASE = vectors.RIGHT[0]
PLAIN = random.Random(1).randbytes(MIB + 4096) + bytes(MIB - 4096)
CHEAP = ('--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000')
CRYPTSETUP = {
    'Cinder, luks': ('luks1', 'aes-xts-plain64', '256', '512'),
    'LUKS1, AES-256': ('luks1', 'aes-xts-plain64', '512', '512'),
    'LUKS1, ESSIV': ('luks1', 'aes-cbc-essiv:sha256', '256', '512'),
    'LUKS1, CBC': ('luks1', 'aes-cbc-plain64', '128', '512'),
    'LUKS2': ('luks2', 'aes-xts-plain64', '512', '512'),
    'LUKS2, AES-128': ('luks2', 'aes-xts-plain64', '256', '1024'),
    'LUKS2, large sectors': ('luks2', 'aes-xts-plain64', '512', '4096'),
    'LUKS2, ESSIV': ('luks2', 'aes-cbc-essiv:sha256', '256', '2048'),
}
QEMU = {
    'RBD': 'cipher-alg=aes-256,cipher-mode=xts',
    'AES-128': 'cipher-alg=aes-128,cipher-mode=xts',
    'ESSIV': (
        'cipher-alg=aes-256,cipher-mode=cbc,'
        'ivgen-alg=essiv,ivgen-hash-alg=sha256'
    ),
    'CBC': 'cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=plain64',
}


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def decrypted(opener: opening.Opener, data: bytes, *sizes: int) -> bytes:
    """Feed blocks of these sizes in turn."""
    plain, start, turn = [], 0, 0
    while start < len(data):
        size = sizes[turn % len(sizes)] if sizes else MIB
        plain.append(opener.feed(data[start : start + size]))
        start, turn = start + size, turn + 1
    opener.end()
    return b''.join(plain)


class OpeningCase(testtools.TestCase):
    """Has a folder with an image and a key file."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.image = self.folder / 'image.raw'
        (self.folder / 'key').write_bytes(PASSPHRASE)

    def run_tool(self, *words: str) -> None:
        # qemu-img measures the processor first, and gives up when that took
        # no time by the kernel's clock.
        for _ in range(10):
            done = subprocess.run(
                words, cwd=self.folder, capture_output=True, text=True
            )
            if 'accurate CPU usage' not in done.stderr:
                break
        self.assertEqual(0, done.returncode, done.stderr)

    def unlock(self, *candidates: bytes) -> opening.Opener:
        store = localfolder.Folder(self.folder)
        image = functools.partial(store.read, self.image.name)
        return opening.unlock(image, candidates)

    def assert_opened(self) -> opening.Opener:
        """The image holds PLAIN, and perhaps more behind it."""
        opener = self.unlock(b'wrong', PASSPHRASE)
        data = self.image.read_bytes()
        plain = decrypted(opener, data)
        self.assertEqual(opener.plain_size(len(data)), len(plain))
        self.assertEqual(len(data) - opener.payload_offset, len(plain))
        self.assertTrue(plain.startswith(PLAIN))
        return opener


@testtools.skipUnless(shutil.which('cryptsetup'), 'needs cryptsetup')
class TestCryptsetup(OpeningCase):
    """``cryptsetup reencrypt`` encrypts a file, without root."""

    def encrypt(self, kind, cipher, size, sector):
        header = 32 * MIB
        with self.image.open('wb') as file:
            file.write(PLAIN)
            file.truncate(len(PLAIN) + header)
        self.run_tool(
            *('cryptsetup', 'reencrypt', '--encrypt', '--batch-mode'),
            *('--type', 'luks2', '--cipher', cipher, '--key-size', size),
            *('--reduce-device-size', str(header), '--key-file', 'key'),
            *(*CHEAP, '--hash', 'sha256', '--sector-size', sector),
            str(self.image),
        )
        # Encrypting to LUKS1 at once would need device-mapper.
        if kind == 'luks1':
            self.run_tool(
                *('cryptsetup', 'convert', '--batch-mode'),
                *('--type', kind, str(self.image)),
            )

    def test_formats(self):
        for name, options in CRYPTSETUP.items():
            with self.subTest(name):
                self.encrypt(*options)
                self.assert_opened()


@testtools.skipUnless(shutil.which('qemu-img'), 'needs qemu-img')
class TestQemu(OpeningCase):
    """RBD and NFS volumes are formatted by ``qemu-img``."""

    def encrypt(self, options: str) -> None:
        (self.folder / 'plain').write_bytes(PLAIN)
        self.run_tool(
            *('qemu-img', 'convert', '-O', 'luks'),
            *('--object', 'secret,id=s,format=raw,file=key'),
            *('-o', f'key-secret=s,iter-time=10,{options}'),
            *('plain', 'image.raw'),
        )

    def decrypt(self) -> bytes:
        self.run_tool(
            *('qemu-img', 'convert', '-O', 'raw'),
            *('--object', 'secret,id=s,format=raw,file=key', '--image-opts'),
            'driver=luks,key-secret=s,file.filename=image.raw',
            'opened',
        )
        return (self.folder / 'opened').read_bytes()

    def test_encrypted(self):
        for name, options in QEMU.items():
            with self.subTest(name):
                self.encrypt(options)
                opener = self.assert_opened()
                size = self.image.stat().st_size
                self.assertEqual(len(PLAIN), opener.plain_size(size))

    def test_holes(self):
        """A hole is decrypted to the same noise."""
        self.encrypt(QEMU['RBD'])
        offset = self.unlock(PASSPHRASE).payload_offset
        with self.image.open('r+b') as file:
            file.seek(offset + 4096)
            file.write(bytes(64 << 10))
        theirs = self.decrypt()
        ours = decrypted(self.unlock(PASSPHRASE), self.image.read_bytes())
        self.assertEqual(sha512(theirs), sha512(ours))
        self.assertNotEqual(PLAIN, ours)

    def test_blocks_of_any_size(self):
        self.encrypt(QEMU['RBD'])
        data = self.image.read_bytes()
        for sizes in ((len(data),), (1, 511, 512, 513, 100_000), (65_537,)):
            with self.subTest(sizes):
                opener = self.unlock(PASSPHRASE)
                plain = decrypted(opener, data, *sizes)
                self.assertEqual(sha512(PLAIN), sha512(plain))

    def test_cut(self):
        self.encrypt(QEMU['RBD'])
        data = self.image.read_bytes()
        offset = self.unlock(PASSPHRASE).payload_offset
        for size in (100, offset - 1, offset + 1, len(data) - 1):
            with self.subTest(size):
                self.assertRaisesRegex(
                    opening.NotOpened,
                    'not complete',
                    decrypted,
                    self.unlock(PASSPHRASE),
                    data[:size],
                )


class TestRefused(OpeningCase):
    """Images that cannot be opened, and why."""

    def refused(self, content: bytes, *candidates: bytes) -> opening.NotOpened:
        return self.assertRaises(
            opening.NotOpened,
            opening.unlock,
            vectors.opened(content),
            candidates or (PASSPHRASE,),
        )

    def test_wrong_key(self):
        for name in vectors.NAMES:
            error = self.refused(vectors.image(name), b'hunter2', b'')
            self.assertIn('opens no key slot', str(error))
            self.assertNotIn('hunter2', str(error))
            self.assertFalse(error.blank)

    def test_no_header(self):
        self.assertTrue(self.refused(bytes(MIB)).blank)
        self.assertTrue(self.refused(b'').blank)
        error = self.refused(b'QFI\xfb' * 2000)
        self.assertFalse(error.blank)
        self.assertIn('no LUKS header', str(error))

    def test_detached_header(self):
        content = vectors.patch(vectors.image('luks1'), 104, bytes(4))
        self.assertIn('offset of the data', str(self.refused(content)))

    def test_unknown_cipher(self):
        content = vectors.patch(
            vectors.image('luks1'), 8, b'serpent'.ljust(32, b'\0')
        )
        self.assertIn("'serpent-xts-plain64'", str(self.refused(content)))

        def change(header):
            header['segments']['0']['encryption'] = 'aes-adiantum-plain64'

        content = vectors.changed(vectors.image('luks2-pbkdf2'), change)
        self.assertIn("'aes-adiantum-plain64'", str(self.refused(content)))

    def test_work_has_a_limit(self):
        content = vectors.slot1(
            vectors.image('luks1'), 0, iterations=2**32 - 1
        )
        self.assertIn('more computing', str(self.refused(content)))

    def test_segments(self):
        def first(header):
            return header['segments']['0']

        for reason, change in (
            ('layout', lambda header: first(header).update(integrity={})),
            ('layout', lambda header: first(header).update(type='linear')),
            ('layout', lambda header: first(header).update(flags=['backup'])),
            (
                'layout',
                lambda header: header['segments'].update({'1': first(header)}),
            ),
            ('layout', lambda header: header.update(segments={})),
            (
                'layout',
                lambda header: header['config'].update(
                    requirements={'mandatory': ['online-reencrypt-v2']}
                ),
            ),
            (
                'sector size',
                lambda header: first(header).update(sector_size=3),
            ),
            ('offset', lambda header: first(header).update(offset='0')),
            ('no number', lambda header: first(header).update(offset='-512')),
            (
                'no number',
                lambda header: first(header).update(offset='9' * 20),
            ),
            (
                'no number',
                lambda header: first(header).update(iv_tweak='\u0663'),
            ),
            (
                'whole sectors',
                lambda header: first(header).update(offset='513'),
            ),
            ('whole sectors', lambda header: first(header).update(size='513')),
            (
                'size of the data',
                lambda header: first(header).update(size='0'),
            ),
        ):
            with self.subTest(reason):
                content = vectors.changed(
                    vectors.image('luks2-pbkdf2'), change
                )
                self.assertIn(reason, str(self.refused(content)))

    def test_requirements_that_are_none(self):
        def change(header):
            header['config']['requirements'] = {'mandatory': []}

        content = vectors.changed(vectors.image('luks2-pbkdf2'), change)
        opener = opening.unlock(vectors.opened(content), [PASSPHRASE])
        self.assertEqual(16 * MIB, opener.payload_offset)


class TestOpener(testtools.TestCase):
    """What the header says of sizes and numbers."""

    volume_key = bytes(range(64))

    def opener(self, **changes: int) -> opening.Opener:
        values = {'offset': 1024, 'cipher': 'aes-xts-plain64', **changes}
        return opening.Opener(payloads.Payload(**values), self.volume_key)

    def test_fixed_size(self):
        opener = self.opener(size=1024)
        self.assertEqual(1024, opener.plain_size(1 << 30))
        self.assertEqual(512, opener.plain_size(1024 + 512))
        self.assertEqual(0, opener.plain_size(5))
        data = bytes(4096)
        self.assertEqual(1024, len(decrypted(opener, data, 700)))
        # What follows need not be whole sectors.
        tail = decrypted(self.opener(size=1024), bytes(2048 + 100), 700)
        self.assertEqual(1024, len(tail))
        self.assertEqual(1024, opener.plain_size(1 << 30))
        self.assertRaises(
            opening.NotOpened, decrypted, self.opener(size=1024), data[:1536]
        )

    def test_first_number(self):
        data = bytes(4096)
        plain = decrypted(self.opener(), bytes(1024) + data)
        shifted = decrypted(self.opener(first=2), bytes(1024) + data)
        self.assertEqual(plain[1024:], shifted[:-1024])

    def test_secrets_are_not_shown(self):
        opener = self.opener()
        self.assertNotIn('0123', repr(opener))
        self.assertRaises(TypeError, pickle.dumps, opener)

    def test_unknown_cipher(self):
        self.assertRaises(
            untrusted.NotCheckable, self.opener, cipher='aes-lrw-benbi'
        )
