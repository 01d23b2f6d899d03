# SPDX-License-Identifier: Apache-2.0
"""Tests of disks that ``qemu-img`` decrypts."""

import hashlib
import os
import pathlib
import shutil
from unittest import mock

import fixtures
import testtools

from backupclient import errors
from backupclient import stops
from backupclient.keys.luks import opening
from backupclient.operations import limited
from backupclient.operations import qemu_opening
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.keys.luks import disks
from backupclient.tests.unit.keys.luks import vectors
from backupclient.transfer import copying

MIB = 1 << 20
PASSPHRASE = vectors.RIGHT[0]
PLAIN = os.urandom(MIB) + bytes(15 * MIB) + os.urandom(512)


@testtools.skipUnless(shutil.which('qemu-img'), 'needs qemu-img')
class TestCopy(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = localfolder.Folder(self.place)
        for name in ('run', 'out'):
            self.store.begin(name)
        self.disk = disks.disk(PLAIN)
        self.store.put('run/a', self.disk)
        self.stop = stops.Stop()
        self.heard = []

    def copy(self, passphrase: bytes = PASSPHRASE, **changes) -> bool:
        words = {
            'source': copying.Source(
                self.store,
                'run/a',
                len(self.disk),
                hashlib.sha512(self.disk).hexdigest(),
            ),
            'target': self.store,
            'size': len(PLAIN),
            **changes,
        }
        return qemu_opening.copy(
            path='out/b',
            passphrase=passphrase,
            stop=self.stop,
            progress=lambda done, total: self.heard.append((done, total)),
            **words,
        )

    def assert_nothing(self) -> None:
        self.assertEqual([], list((self.place / 'out').iterdir()))

    def test_same_bytes(self):
        """A hole in the encrypted disk, too: both decrypt it to noise."""
        offset = len(self.disk) - len(PLAIN)
        disk = bytearray(self.disk)
        disk[offset + 2 * MIB : offset + 3 * MIB] = bytes(MIB)
        self.disk = bytes(disk)
        self.store.put('run/a', self.disk)
        self.assertTrue(self.copy())
        opener = opening.unlock(vectors.opened(self.disk), [PASSPHRASE])
        ours = opener.feed(self.disk)
        theirs = (self.place / 'out' / 'b').read_bytes()
        self.assertEqual(
            hashlib.sha512(ours).digest(), hashlib.sha512(theirs).digest()
        )
        self.assertEqual(PLAIN[:MIB], theirs[:MIB])
        self.assertEqual((len(disk), len(disk)), self.heard[-1])

    def test_file(self):
        self.assertTrue(self.copy())
        found = (self.place / 'out' / 'b').stat()
        self.assertEqual(0o600, found.st_mode & 0o777)
        self.assertEqual(len(PLAIN), found.st_size)
        self.assertLess(found.st_blocks * 512, 3 * MIB)
        self.assertEqual(
            [self.place / 'out' / 'b'], list((self.place / 'out').iterdir())
        )

    def test_passphrase_is_no_argument(self):
        seen = []

        def run(command, *more):
            seen.extend(command)
            return limited_run(command, *more)

        limited_run = limited.run
        with mock.patch.object(limited, 'run', autospec=True, side_effect=run):
            self.assertTrue(self.copy())
        self.assertIn('convert', seen)
        self.assertNotIn(PASSPHRASE.decode(), ' '.join(seen))

    def test_damaged(self):
        wrong = self.disk[:-1] + bytes([self.disk[-1] ^ 1])
        for data in (wrong, self.disk + bytes(512), self.disk[:-512]):
            self.store.put('run/a', data)
            with testtools.ExpectedException(
                errors.TransferError, '.*run/a is damaged'
            ):
                self.copy(size=len(data) - len(self.disk) + len(PLAIN))
            self.assert_nothing()

    def test_what_it_cannot_do(self):
        self.store.put('run/a', disks.disk(PLAIN, 'luks2-pbkdf2'))
        self.assertFalse(self.copy())
        self.store.put('run/a', self.disk)
        self.assertFalse(self.copy(b'wrong'))
        self.assertFalse(self.copy(bytes(4097)))
        self.assertFalse(self.copy(size=len(PLAIN) + 1))
        self.assertFalse(self.copy(size=len(PLAIN) - 512))
        self.assert_nothing()

    def test_stores_elsewhere(self):
        store = memory.Memory()
        for name in ('run', 'out'):
            store.begin(name)
        store.put('run/a', self.disk)
        digest = hashlib.sha512(self.disk).hexdigest()
        source = copying.Source(store, 'run/a', len(self.disk), digest)
        self.assertFalse(self.copy(source=source))
        self.assert_nothing()
        self.assertFalse(self.copy(target=store))
        self.assertEqual({'run/a'}, set(store.files))

    def test_not_installed(self):
        self.useFixture(fixtures.EnvironmentVariable('PATH', '/nowhere'))
        self.assertFalse(self.copy())
        self.assert_nothing()

    def test_there_already(self):
        self.store.put('out/b', b'mine')
        self.assertRaises(errors.TargetError, self.copy)
        self.assertEqual(b'mine', (self.place / 'out' / 'b').read_bytes())

    def test_stop(self):
        self.stop.ask()
        self.assertRaises(errors.Interrupted, self.copy)
        self.assert_nothing()

    def test_ended(self):
        """As by the system, when memory is short."""
        with mock.patch.object(
            limited, 'run', autospec=True, return_value=(-9, '')
        ):
            self.assertFalse(self.copy())
        self.assert_nothing()
