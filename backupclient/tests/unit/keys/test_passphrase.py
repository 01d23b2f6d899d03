# SPDX-License-Identifier: Apache-2.0
"""Tests of what LUKS was given."""

import testtools

from backupclient.keys import material
from backupclient.keys import passphrase

FORMATS = passphrase.Format


def key(secret_type: str, payload: bytes) -> material.KeyMaterial:
    return material.KeyMaterial('id', secret_type, 'aes', 16, payload)


class TestPassphrase(testtools.TestCase):
    """Candidates and formats."""

    def test_types_that_are_digits(self):
        for name in ('symmetric', 'opaque', 'private', 'certificate', ''):
            self.assertEqual(
                (b'00ab0a', b'\x00\xab\n'),
                passphrase.candidates(key(name, b'\x00\xab\n')),
            )

    def test_passphrase_type(self):
        self.assertEqual(
            ('schlüssel\n'.encode(), b'7363686cc3bc7373656c0a'),
            passphrase.candidates(key('passphrase', 'schlüssel\n'.encode())),
        )

    def test_passphrase_that_is_no_text(self):
        self.assertEqual(
            b'\xff', passphrase.candidates(key('passphrase', b'\xff'))[0]
        )

    def test_formats(self):
        symmetric, text = key('symmetric', b'\xabc'), key('passphrase', b'pw')
        for secret, form, expected in (
            (symmetric, FORMATS.PASSPHRASE, b'ab63'),
            (symmetric, FORMATS.RAW, b'\xabc'),
            (symmetric, FORMATS.HEX, b'ab63'),
            (text, FORMATS.PASSPHRASE, b'pw'),
            (text, FORMATS.RAW, b'pw'),
            (text, FORMATS.HEX, b'7077'),
        ):
            self.assertEqual(expected, passphrase.encode(secret, form))

    def test_names_of_formats(self):
        self.assertEqual(['passphrase', 'raw', 'hex'], list(FORMATS))
