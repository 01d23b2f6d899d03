# SPDX-License-Identifier: Apache-2.0
"""Tests of the anti-forensic merge."""

import hashlib

import testtools

from backupclient.keys.luks import antiforensic
from backupclient.keys.luks import untrusted


class TestMerge(testtools.TestCase):
    """Small cases, worked out by the definition."""

    def test_one_stripe_is_the_key(self):
        self.assertEqual(b'key', antiforensic.merge(b'key', 3, 'sha256'))

    def test_two_stripes(self):
        first, last = b'a' * 20, b'b' * 20
        block = hashlib.sha256(bytes(4) + first).digest()[:20]
        expected = bytes(a ^ b for a, b in zip(block, last, strict=True))
        self.assertEqual(
            expected, antiforensic.merge(first + last, 20, 'sha256')
        )

    def test_key_longer_than_the_hash(self):
        first = bytes(range(32))
        pieces = (
            hashlib.sha1(b'\0\0\0\0' + first[:20]).digest(),
            hashlib.sha1(b'\0\0\0\1' + first[20:]).digest()[:12],
        )
        merged = antiforensic.merge(first + bytes(32), 32, 'sha1')
        self.assertEqual(b''.join(pieces), merged)

    def test_hash_that_luks_does_not_have(self):
        for name in ('', 'md5', 'shake_128', 'SHA256'):
            with self.subTest(name):
                self.assertRaisesRegex(
                    untrusted.NotCheckable,
                    f"the hash '{name}'",
                    antiforensic.merge,
                    bytes(64),
                    32,
                    name,
                )
