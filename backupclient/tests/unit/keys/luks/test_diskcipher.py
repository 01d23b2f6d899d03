# SPDX-License-Identifier: Apache-2.0
"""Tests of the disk cipher, against a call of OpenSSL for each sector."""

import hashlib
import random

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import algorithms
import testtools

from backupclient.keys.luks import diskcipher
from backupclient.keys.luks import untrusted
from backupclient.tests.unit.keys.luks import disks

# More than a piece, and not a whole number of pieces.
DATA = random.Random(1).randbytes((128 << 10) + 3 * 4096)
FIRSTS = (0, (1 << 32) - 16, 1 << 40)
CIPHERS = (
    ('aes-xts-plain64', 32),
    ('aes-xts-plain64', 64),
    ('aes-xts-plain', 64),
    ('aes-cbc-plain64', 16),
    ('aes-cbc-plain', 24),
    ('aes-cbc-essiv:sha256', 16),
    ('aes-cbc-essiv:sha256', 32),
)


def expected(spec: str, key: bytes, size: int, first: int) -> bytes:
    plain = b''
    for start in range(0, len(DATA), size):
        number = first + start // 512
        cipher = ciphers.Cipher(
            algorithms.AES(key), disks.mode(spec, key, number)
        ).decryptor()
        plain += cipher.update(DATA[start : start + size])
    return plain


class SectorsTestCase(testtools.TestCase):
    def test_each_cipher(self):
        for spec, length in CIPHERS:
            key = random.Random(length).randbytes(length)
            for size in (512, 1024, 2048, 4096):
                for first in FIRSTS:
                    with self.subTest(
                        spec, length=length, size=size, first=first
                    ):
                        sectors = diskcipher.Sectors(spec, key, size)
                        plain = sectors.decrypt(DATA, first)
                        self.assertEqual(
                            hashlib.sha512(
                                expected(spec, key, size, first)
                            ).digest(),
                            hashlib.sha512(plain).digest(),
                        )

    def test_nothing(self):
        for spec, length in CIPHERS:
            sectors = diskcipher.Sectors(spec, bytes(length))
            self.assertEqual(b'', sectors.decrypt(b''))

    def test_one_sector(self):
        for spec, length in CIPHERS:
            key = random.Random(length).randbytes(length)
            sectors = diskcipher.Sectors(spec, key)
            self.assertEqual(
                expected(spec, key, 512, 7)[:512],
                sectors.decrypt(DATA[:512], 7),
            )

    def test_unknown(self):
        for spec, length in (
            ('serpent-xts-plain64', 64),
            ('aes-xts-plain64', 48),
            ('aes-xts-plain64', 16),
            ('aes-cbc-plain64', 64),
            ('aes-cbc-essiv:sha1', 32),
            ('aes-xts-plain64be', 64),
            ('aes-ecb', 32),
            ('cipher_null-ecb', 16),
            ('', 32),
        ):
            with self.subTest(spec, length=length):
                error = self.assertRaises(
                    untrusted.NotCheckable,
                    diskcipher.Sectors,
                    spec,
                    bytes(length),
                )
                self.assertIn(
                    f'{spec!r} with a key of {length * 8} bits', str(error)
                )
