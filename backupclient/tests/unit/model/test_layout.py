# SPDX-License-Identifier: Apache-2.0
"""Which paths are whose, in sets that anybody may have written."""

import testtools

from backupclient.model import layout
from backupclient.model import resources

ID = '10000000-0000-0000-0000-000000000001'
VOLUME = resources.Resource(resources.Kind.VOLUME, 'v', ID)
SERVER = resources.Resource(resources.Kind.SERVER, 's', ID)
SECRET = resources.Resource(resources.Kind.SECRET, 'x', ID)


class LayoutTestCase(testtools.TestCase):
    def test_file_of(self):
        for disk_format in ('raw', 'qcow2', 'vmdk', 'anything else'):
            path = layout.data_file(VOLUME, disk_format)
            self.assertTrue(layout.is_file_of(path, VOLUME), path)
            self.assertFalse(layout.is_file_of(path, SERVER), path)
        for protected in (True, False):
            path = layout.secret_file(ID, protected=protected)
            self.assertTrue(layout.is_file_of(path, SECRET))
            self.assertTrue(layout.is_key_of(path, SECRET))
            self.assertFalse(layout.is_file_of(path, VOLUME))

    def test_key_of(self):
        for protected in (True, False):
            path = layout.key_file(VOLUME, protected=protected)
            self.assertTrue(layout.is_key_of(path, VOLUME))
            self.assertFalse(layout.is_key_of(path, SERVER))
            self.assertFalse(layout.is_file_of(path, VOLUME))

    def test_paths_of_nobody(self):
        for path in (
            '',
            ID,
            f'volumes/{ID}',
            f'volumes/{ID}.',
            f'volumes/{ID}.exe',
            f'volumes/{ID}.raw.raw',
            f'volumes/{ID}x.raw',
            f'./volumes/{ID}.raw',
            f'volumes/../volumes/{ID}.raw',
            f'keys/volume-{ID}.key.age.age',
        ):
            self.assertFalse(layout.is_file_of(path, VOLUME), path)
            self.assertFalse(layout.is_key_of(path, VOLUME), path)

    def test_results_of_verifications(self):
        stamp = '20260131T235959Z'
        for number in (0, 1, 17):
            path = layout.verified_file(stamp, number)
            self.assertTrue(layout.is_verified(path), path)
            self.assertTrue(layout.may_be_read(path))
            self.assertFalse(layout.is_member(path))
        for path in (
            'verified/x.json',
            f'verified/{stamp}',
            f'verified/{stamp}.json.part',
            f'verified/../{stamp}.json',
            f'{stamp}.json',
        ):
            self.assertFalse(layout.is_verified(path), path)
            self.assertFalse(layout.may_be_read(path), path)
