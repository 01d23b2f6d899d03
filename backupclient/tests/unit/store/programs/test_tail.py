# SPDX-License-Identifier: Apache-2.0
"""Reading all that a program has written."""

import os
import time

import fixtures
import testtools

from backupclient.store.programs import tail


class TailTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(f'{tail.__name__}._LINGER', 0.0))
        reading, self.writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, self.writing)
        os.write(self.writing, bytes(60_000))
        self.reading = reading

    def test_slow_machine(self):
        """All is read, also while a process keeps the pipe open."""
        read = os.read

        def read_slowly(file, most):
            time.sleep(0.03)
            return read(file, min(most, 5_000))

        self.useFixture(fixtures.MonkeyPatch('os.read', read_slowly))
        found = tail.Tail(self.reading, 1 << 20)
        self.assertEqual(60_000, len(found.end()))
        self.assertTrue(found.is_whole)

    def test_too_much(self):
        found = tail.Tail(self.reading, 59_999)
        self.assertEqual(59_999, len(found.end()))
        self.assertFalse(found.is_whole)
