# SPDX-License-Identifier: Apache-2.0
"""Tests of the key derivation functions."""

import testtools

from backupclient.keys.luks import kdfs

MILLION = 1_000_000


class TestPbkdf2(testtools.TestCase):
    """Values of RFC 6070."""

    def test_values(self):
        for count, expected in (
            (1, '0c60c80f961f0e71f3a9b524af6012062fe037a6'),
            (2, 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'),
        ):
            derived = kdfs.Pbkdf2('sha1', b'salt', count).derive(
                b'password', len(expected) // 2
            )
            self.assertEqual(expected, derived.hex())

    def test_effort(self):
        function = kdfs.Pbkdf2('sha256', b'salt', MILLION)
        for length, seconds in ((20, 1), (32, 1), (33, 2), (64, 2)):
            self.assertEqual(seconds, function.effort(length))


class TestArgon2(testtools.TestCase):
    """The values are proved with headers that cryptsetup made."""

    def test_effort(self):
        once = kdfs.Argon2('argon2id', b'8' * 8, 1, 1 << 20, 1).effort(32)
        twice = kdfs.Argon2('argon2id', b'8' * 8, 2, 1 << 20, 4).effort(64)
        self.assertEqual(2 * once, twice)
