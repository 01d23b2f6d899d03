# SPDX-License-Identifier: Apache-2.0
"""Secrets: what the page stores, byte for byte."""

import base64
import dataclasses

import testtools

from backupclient.tests.unit.manifest import samples
from backupclient.tests.unit.manifest.restore import commands

CONTENT = samples.content(f'secrets/{samples.SECRET.id}.bin')
# As python-barbicanclient reads them: v1/secrets.py, Secret.store.
TYPED, ENCODED = '--payload-content-type', '--payload-content-encoding'


class TestSecret(testtools.TestCase):
    def stored(self, **changes):
        secret = dataclasses.replace(samples.SECRET, **changes)
        shell, _made = commands.done(
            self, samples.manifest(samples.secret_entry(secret))
        )
        ((_secret, _store, *arguments),) = [
            call for call in shell.calls if call[0] == 'secret'
        ]
        pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
        self.assertEqual('/dev/stdin', pairs['--file'])
        return pairs, shell.payload

    def test_bytes(self):
        options, payload = self.stored(
            algorithm='aes', bit_length=128, mode='xts'
        )
        self.assertEqual(CONTENT, payload)
        self.assertEqual('tls', options['--name'])
        self.assertEqual('private', options['--secret-type'])
        self.assertEqual('aes', options['--algorithm'])
        self.assertEqual('128', options['--bit-length'])
        self.assertEqual('xts', options['--mode'])
        self.assertNotIn(TYPED, options)
        self.assertNotIn(ENCODED, options)

    def test_what_is_not_known_is_not_said(self):
        options, _payload = self.stored(name='')
        for name in ('--name', '--algorithm', '--bit-length', '--mode'):
            self.assertNotIn(name, options)

    def test_text(self):
        for content_type in ('text/plain', 'text/plain; charset=utf-8'):
            options, payload = self.stored(content_type=content_type)
            self.assertEqual(CONTENT, payload)
            self.assertEqual('text/plain', options[TYPED])
            self.assertNotIn(ENCODED, options)

    def test_other_content(self):
        options, payload = self.stored(content_type='application/pkcs8')
        self.assertEqual(CONTENT, base64.b64decode(payload))
        self.assertEqual('application/pkcs8', options[TYPED])
        self.assertEqual('base64', options[ENCODED])
