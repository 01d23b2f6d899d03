# SPDX-License-Identifier: Apache-2.0

import errno
import os
import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import flow_store


class StoreTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.connection = flow_store.Store(self.folder).get_connection()
        self.file = self.folder / 'record'

    def _write(self, content):
        self.connection._write_to(str(self.file), content)

    def test_replaces(self):
        for content in ('first', b'second', 'd\u00e4'):
            self._write(content)
            wanted = (
                content if isinstance(content, bytes) else content.encode()
            )
            self.assertEqual(wanted, self.file.read_bytes())
        self.assertEqual(['record'], os.listdir(self.folder))

    def test_disk_that_fails(self):
        """The first failure ends all writing, and is told when asked."""
        store = self.connection.backend
        written = []

        def fail():
            raise OSError(errno.ENOSPC, 'No space left on device')

        store.keep(written.append, 1)
        store.check()
        store.keep(fail)
        store.keep(written.append, 2)
        self.assertEqual([1], written)
        failure = self.assertRaises(errors.JournalError, store.check)
        self.assertIn(str(self.folder), str(failure))
        self.assertIn('No space left on device', str(failure))

    def test_killed_while_writing(self):
        """The record is the old one, whole, until it is the new one."""
        self._write('old')
        seen = []

        def dies(_):
            seen.append(self.file.read_text())
            raise KeyboardInterrupt

        with fixtures.MonkeyPatch('os.fsync', dies):
            self.assertRaises(KeyboardInterrupt, self._write, 'new')
        self.assertEqual(['old'], seen)
        self.assertEqual('old', self.file.read_text())
        self._write('newest')
        self.assertEqual('newest', self.file.read_text())
