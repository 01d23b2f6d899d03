# SPDX-License-Identifier: Apache-2.0

import hashlib
import os

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient import stops
from backupclient.sets import digests
from backupclient.store import memory
from backupclient.tests.unit import examples

MIB = 1 << 20


class DigestsTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.store = memory.Memory()
        self.store.begin('run')

    def check(self, data):
        self.store.put('run/data', data)
        self.assertEqual(
            (hashlib.sha512(data).hexdigest(), len(data)),
            digests.sha512(self.store, 'run/data'),
        )

    def test_sizes(self):
        for size in (0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 7):
            self.check(os.urandom(size))
            self.check(bytes(size))

    @examples.examples(50)
    @hypothesis.given(
        st.lists(
            st.tuples(st.sampled_from(b'\0ab'), st.integers(1, 9000)),
            max_size=8,
        )
    )
    def test_any_holes(self, runs):
        self.check(b''.join(bytes([what]) * many for what, many in runs))

    def test_progress(self):
        self.store.put('run/data', bytes(MIB) + b'x' * MIB + b'end')
        told = []
        digests.sha512(self.store, 'run/data', told.append)
        self.assertEqual([MIB, 2 * MIB, 2 * MIB + 3], told)

    def test_stop(self):
        """Also within zeros that are not read."""
        self.store.put('run/data', bytes(5 * MIB))
        asked, told = stops.Stop(), []

        def progress(done):
            told.append(done)
            asked.ask()

        self.assertRaises(
            errors.Interrupted,
            digests.sha512,
            self.store,
            'run/data',
            progress,
            asked,
        )
        self.assertEqual([MIB], told)

    def test_missing(self):
        self.assertRaises(
            errors.TargetError, digests.sha512, self.store, 'run/data'
        )
