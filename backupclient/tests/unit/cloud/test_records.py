# SPDX-License-Identifier: Apache-2.0

import datetime

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.cloud import records
from backupclient.model import leases
from backupclient.model import resources

READERS = {
    records.volume: {
        'size': 2,
        'encrypted': True,
        'bootable': 'true',
        'attachments': [{'server_id': 's', 'device': '/dev/vdb'}],
        'metadata': {'a': 'b'},
        'volume_image_metadata': {'os': 'x'},
    },
    records.snapshot: {'size': 2, 'volume_id': 'v', 'metadata': {}},
    records.backup: {'size': 2, 'is_incremental': True, 'metadata': {}},
    records.image: {
        'size': 5,
        'virtual_size': None,
        'tags': ['t'],
        'min_disk': 0,
        'os_hash_algo': None,
        'own': 'property',
    },
    records.server: {
        'image': '',
        'flavor': {'disk': 1},
        'os-extended-volumes:volumes_attached': [{'id': 'v'}],
        'tags': [],
    },
    records.secret: {
        'secret_ref': 'http://inside:9311/v1/secrets/an-id',
        'bit_length': None,
        'content_types': None,
    },
}


class RecordsTestCase(testtools.TestCase):
    def test_least(self):
        """Older releases and narrower policies leave fields out."""
        for read in READERS:
            raw = {'id': 'an-id', 'secret_ref': '/v1/secrets/an-id'}
            self.assertEqual('an-id', read(raw).id)

    @given(st.data())
    @settings(max_examples=60, deadline=None)
    def test_any_field_may_be_null_or_missing(self, data):
        for read, fields in READERS.items():
            full = {'id': 'an-id', 'name': 'n', 'status': 'ok', **fields}
            names = sorted(full.keys() - {'id', 'secret_ref'})
            raw = dict(full)
            for name in data.draw(st.sets(st.sampled_from(names))):
                raw[name] = None
            for name in data.draw(st.sets(st.sampled_from(names))):
                raw.pop(name, None)
            self.assertEqual('an-id', read(raw).id)

    @given(st.text())
    @settings(deadline=None)
    def test_text_is_taken_as_it_is(self, text):
        for read in READERS:
            raw = {'id': 'i', 'secret_ref': 'i', 'name': text}
            self.assertEqual(text, read(raw).name)

    def test_says_what_makes_no_sense(self):
        for raw, words in (
            ({'id': 'v', 'size': 'abc'}, ("volume ('v')", "'size' is 'abc'")),
            ({'id': 'v', 'size': -1}, ("'size' is '-1'", 'sensible number')),
            ({'id': '../v'}, ("volume ('../v')", 'not an ID')),
            ({'id': 'v', 'attachments': 'x'}, ("'x', not a list",)),
            ({'id': 'v', 'attachments': ['x']}, ("'x', not an object",)),
            ({'id': 'v', 'metadata': ['x']}, ('not an object',)),
            ({'id': 'v', 'name': ['x']}, ('not a text',)),
        ):
            failure = self.assertRaises(errors.CloudError, records.volume, raw)
            for word in (*words, 'operator'):
                self.assertIn(word, str(failure))

    def test_half_a_surrogate_pair(self):
        self.assertEqual(
            'a?', records.volume({'id': 'v', 'name': 'a\ud800'}).name
        )

    def test_volume(self):
        found = records.volume({'id': 'v', **READERS[records.volume]})
        self.assertTrue(found.encrypted and found.bootable)
        self.assertEqual(2 << 30, found.size)
        self.assertEqual(
            (resources.Attachment('s', '/dev/vdb'),), found.attachments
        )
        self.assertEqual({'os': 'x'}, found.image_metadata)
        self.assertTrue(found.consumes_quota)
        own = records.volume({'id': 'v', 'consumes_quota': False})
        self.assertFalse(own.consumes_quota)

    def test_image(self):
        raw = {'id': 'i', 'file': '/v2/images/i/file', 'own': 'x', 'no': None}
        found = records.image({**raw, 'number': 7})
        self.assertEqual({'own': 'x', 'number': '7'}, found.properties)
        self.assertIsNone(found.size)
        self.assertEqual(0, records.image({**raw, 'size': 0}).size)

    def test_lease(self):
        raw = {
            'id': 'i',
            'updated_at': '2026-01-02T03:04:05Z',
            'backupclient_run': 'r',
            'backupclient_host': 'alpha',
            'backupclient_claims': 'volume/a volume/b',
        }
        seen = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
        claims = frozenset({'volume/a', 'volume/b'})
        self.assertEqual(
            leases.Lease('i', 'r', 'alpha', seen, claims), records.lease(raw)
        )

    def test_lease_that_says_little(self):
        """It counts as alive, and claims nothing."""
        for raw in ({}, {'updated_at': None}, {'updated_at': 'just now'}):
            found = records.lease({'id': 'i', **raw})
            self.assertTrue(
                found.is_alive(datetime.datetime.now(datetime.UTC))
            )
            self.assertEqual(frozenset(), found.claims)

    def test_what_cinder_shows_of_its_own(self):
        """It is no metadata of the user."""
        for metadata, read_only in (
            ({'env': 'prod'}, False),
            ({'env': 'prod', 'readonly': 'False'}, False),
            (
                {'env': 'prod', 'readonly': 'True', 'attached_mode': 'ro'},
                True,
            ),
        ):
            raw = {'id': 'v', 'metadata': metadata, 'volume_type_id': 't'}
            found = records.volume(raw)
            self.assertEqual({'env': 'prod'}, found.metadata)
            self.assertEqual(read_only, found.read_only)
            self.assertEqual('t', found.type_id)

    def test_description_of_a_server(self):
        for text, found in (('a\nb', 'a\nb'), (None, '')):
            raw = {'id': 's', 'description': text}
            self.assertEqual(found, records.server(raw).description)

    def test_server(self):
        for image, id_ in (('', ''), (None, ''), ({'id': 'i'}, 'i')):
            raw = {'id': 's', 'image': image}
            self.assertEqual(id_, records.server(raw).image_id)

    def test_secret(self):
        for ref in ('http://x/v1/secrets/s', 'http://x/v1/secrets/s/'):
            self.assertEqual('s', records.secret({'secret_ref': ref}).id)
