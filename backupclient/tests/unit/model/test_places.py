# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.model import ids
from backupclient.model import layout
from backupclient.model import resources


class PlacesTestCase(testtools.TestCase):
    def test_data_of_a_resource(self):
        for kind, path, right in (
            ('volume', 'volumes/x-1.raw', True),
            ('volume', 'volumes/x-1.bin', True),
            ('volume', 'volumes/x-1.sh', False),
            ('volume', 'volumes/x-2.raw', False),
            ('volume', 'volumes/x-1.raw.raw', False),
            ('volume', 'images/x-1.raw', False),
            ('volume', '../volumes/x-1.raw', False),
            ('server', 'servers/x-1.qcow2', True),
            ('image', 'images/x-1.iso', True),
            ('secret', 'secrets/x-1.bin', True),
            ('secret', 'secrets/x-1.bin.age', True),
            ('secret', 'secrets/x-1.raw', False),
        ):
            resource = resources.Resource(resources.Kind(kind), 'name', 'x-1')
            found = layout.is_data_of(resource, path)
            self.assertEqual(right, found, path)

    def test_sealed(self):
        self.assertTrue(layout.is_sealed('keys/volume-x.key.age'))
        self.assertFalse(layout.is_sealed('keys/volume-x.key'))

    def test_uuid(self):
        for text, right in (
            ('8a1c5e3f-0000-4000-8000-000000000000', True),
            ('8A1C5E3F-0000-4000-8000-000000000000', True),
            ('8a1c5e3f00004000800000000000000', False),
            ('lan', False),
            ('', False),
        ):
            self.assertEqual(right, ids.is_uuid(text), text)
