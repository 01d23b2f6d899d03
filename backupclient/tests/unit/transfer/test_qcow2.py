# SPDX-License-Identifier: Apache-2.0
"""The header of qcow2, read without a tool that would follow it."""

import io
import struct

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.transfer import qcow2


def header(version=3, backing=0, backing_size=0, crypt=0, incompatible=0):
    """After docs/interop/qcow2.txt of QEMU."""
    return struct.pack(
        '>4sIQIIQIIQQIIQQQQII',
        b'QFI\xfb',
        version,
        backing,
        backing_size,
        16,
        1 << 20,
        crypt,
        1,
        0x30000,
        0x10000,
        1,
        0,
        0,
        incompatible,
        0,
        0,
        4,
        104,
    )


class Qcow2TestCase(testtools.TestCase):
    def says(self, data, *words):
        said = qcow2.obstacle(io.BytesIO(data))
        for word in words:
            self.assertIn(word, said)
        return said

    def test_stands_alone(self):
        self.assertEqual('', self.says(header()))
        self.assertEqual('', self.says(header(version=2)[:72]))
        # Dirty, corrupt and compressed with zstd are no other files.
        self.assertEqual('', self.says(header(incompatible=0b1011)))

    def test_other_files(self):
        self.says(header(backing=512), 'backing file')
        self.says(header(backing_size=5), 'backing file')
        self.says(header(2, 512, 5)[:72], 'backing file')
        self.says(header(incompatible=4), 'external data file')
        self.says(header(incompatible=0xFF), 'external data file')

    def test_what_is_none(self):
        self.says(b'', 'does not begin')
        self.says(b'\0' * 500, 'does not begin')
        self.says(header()[:71], 'does not begin')
        self.says(header()[:79], 'ends within')
        self.says(header(version=4), 'version 4')

    def test_encrypted(self):
        for crypt in (0, 1, 2):
            data = io.BytesIO(header(crypt=crypt))
            self.assertEqual(bool(crypt), qcow2.is_encrypted(data))
        self.assertFalse(qcow2.is_encrypted(io.BytesIO(b'QFI')))

    @hypothesis.given(st.binary(max_size=200))
    def test_any_bytes(self, data):
        self.assertTrue(qcow2.obstacle(io.BytesIO(data)).isprintable())
        qcow2.is_encrypted(io.BytesIO(data))
