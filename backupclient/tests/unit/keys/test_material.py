# SPDX-License-Identifier: Apache-2.0
"""Tests of how a key's bytes are held."""

import copy
import json
import pickle
import pprint
import traceback

import testtools

from backupclient.keys import material

PAYLOAD = b'\x00top-secret-bytes\xff'
KEY = material.KeyMaterial('id-1', 'symmetric', 'aes', 128, PAYLOAD)


class TestKeyMaterial(testtools.TestCase):
    """Nothing shows or stores the bytes."""

    def test_repr(self):
        self.assertIn('id-1', repr(KEY))
        for text in (repr(KEY), str(KEY), f'{KEY}', pprint.pformat([KEY])):
            self.assertNotIn('top-secret', text)

    def test_not_stored(self):
        for store in (pickle.dumps, copy.copy, copy.deepcopy):
            error = self.assertRaises(TypeError, store, KEY)
            self.assertNotIn('top-secret', str(error))

    def test_not_in_json(self):
        error = self.assertRaises(TypeError, json.dumps, KEY)
        self.assertNotIn('top-secret', str(error))

    def test_not_in_a_traceback_with_locals(self):
        key = KEY
        try:
            raise ValueError(key)
        except ValueError as failure:
            found = traceback.TracebackException.from_exception(
                failure, capture_locals=True
            )
        text = ''.join(found.format())
        self.assertIn('key = KeyMaterial(', text)
        self.assertNotIn('top-secret', text)

    def test_frozen(self):
        self.assertRaises(AttributeError, setattr, KEY, 'payload', b'')

    def test_fingerprint(self):
        key = material.KeyMaterial('id', 'opaque', '', None, b'abc')
        self.assertEqual(
            'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
            key.fingerprint,
        )
