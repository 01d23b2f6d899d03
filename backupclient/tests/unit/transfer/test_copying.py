# SPDX-License-Identifier: Apache-2.0
"""Tests of files that are copied out of a set."""

import hashlib
import os
import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient import stops
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.transfer import copying

MIB = 1 << 20
DATA = os.urandom(MIB + 5)


class Half:
    """Gives every other byte, and may say that the file ended too early."""

    def __init__(self, *, whole: bool = True) -> None:
        self.whole = whole
        self.fed = 0

    def feed(self, block: bytes) -> bytes:
        start = self.fed % 2
        self.fed += len(block)
        return block[start::2]

    def end(self) -> None:
        if not self.whole:
            raise errors.BackupError('The disk is not complete.')


class CopyTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.source = memory.Memory()
        self.target = memory.Memory()
        self.source.begin('run')
        self.target.begin('out')
        self.stop = stops.Stop()
        self.heard = []

    def copy(self, data: bytes, written_down: bytes = DATA, **words) -> None:
        self.source.put('run/a', data)
        copying.copy(
            copying.Source(
                self.source,
                'run/a',
                len(written_down),
                hashlib.sha512(written_down).hexdigest(),
            ),
            self.target,
            'out/b',
            stop=self.stop,
            progress=lambda done, total: self.heard.append((done, total)),
            **words,
        )

    def assert_damaged(self, reason: str, data: bytes) -> None:
        error = self.assertRaises(errors.TransferError, self.copy, data)
        self.assertIn('memory/run/a is damaged', str(error))
        self.assertIn(reason, str(error))
        self.assertEqual({}, self.target.files)

    def test_right(self):
        self.copy(DATA)
        self.assertEqual({'out/b': DATA}, self.target.files)
        size = len(DATA)
        self.assertEqual(
            [(base.BLOCK, size), (2 * base.BLOCK, size), (size, size)],
            self.heard,
        )

    def test_empty(self):
        self.copy(b'', b'')
        self.assertEqual({'out/b': b''}, self.target.files)

    def test_wrong(self):
        self.assert_damaged('its hash is another', DATA[:-1] + b'?')
        self.assert_damaged('1,048,580 bytes instead of', DATA[:-1])
        self.assert_damaged('more than the 1,048,581', DATA + b'?')
        self.assert_damaged('more than the 1,048,581', DATA * 3)

    def test_more_is_not_written(self):
        """A file that grew without end does not fill the disk."""
        self.assert_damaged('more than', DATA + bytes(64 * MIB))
        self.assertLessEqual(self.heard[-1][0], len(DATA))

    def test_decrypted(self):
        for size in (len(DATA) // 2 + 1, 300_001, 10):
            plain = copying.Plain(Half(), size)
            self.copy(DATA, plain=plain)
            self.assertEqual({'out/b': DATA[::2][:size]}, self.target.files)
            self.target.delete('out/b')

    def test_all_is_hashed(self):
        """Also what the result leaves out."""
        error = self.assertRaises(
            errors.TransferError,
            self.copy,
            DATA[:-1] + b'?',
            plain=copying.Plain(Half(), 10),
        )
        self.assertIn('its hash is another', str(error))
        self.assertEqual({}, self.target.files)

    def test_decrypter_is_not_content(self):
        error = self.assertRaises(
            errors.BackupError,
            self.copy,
            DATA,
            plain=copying.Plain(Half(whole=False), 10),
        )
        self.assertEqual('The disk is not complete.', str(error))
        self.assertEqual({}, self.target.files)

    def test_result_that_is_short(self):
        self.assertRaises(
            errors.TargetError,
            self.copy,
            DATA,
            plain=copying.Plain(Half(), len(DATA)),
        )
        self.assertEqual({}, self.target.files)

    def test_there_already(self):
        self.target.put('out/b', b'mine')
        self.assertRaises(errors.TargetError, self.copy, DATA)
        self.assertEqual({'out/b': b'mine'}, self.target.files)
        self.assertEqual([], self.heard)

    def test_stop(self):
        self.stop.ask()
        self.assertRaises(errors.Interrupted, self.copy, DATA)
        self.assertEqual({}, self.target.files)

    def test_holes_are_not_read(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.source = localfolder.Folder(place)
        self.source.begin('run')
        data = bytes(8 * MIB) + DATA
        with self.source.write('run/a', len(data)) as writer:
            writer.hole(0, 8 * MIB)
            writer.data(8 * MIB, DATA)
            writer.commit()
        read = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfile.read_at',
                _counting(read),
            )
        )
        self.source.put = lambda path, data: None
        self.copy(data, data)
        self.assertEqual({'out/b': data}, self.target.files)
        self.assertEqual(len(DATA), sum(read))


def _counting(read: list[int]):
    def read_at(file: int, offset: int, size: int) -> bytes:
        block = os.pread(file, size, offset)
        read.append(len(block))
        return block

    return read_at
