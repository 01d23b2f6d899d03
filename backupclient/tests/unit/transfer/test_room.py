# SPDX-License-Identifier: Apache-2.0

import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient.transfer import room


class TestRoom(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_free_bytes_of_a_folder_to_be(self):
        self.assertGreater(room.free_bytes(self.folder / 'a' / 'b'), 0)

    def test_fits(self):
        room.require_room(self.folder, 1)

    def test_does_not_fit(self):
        error = self.assertRaises(
            errors.TargetError, room.require_room, self.folder, 1 << 62
        )
        self.assertIn(str(self.folder), str(error))
        self.assertIn('4,611,686,018,427,387,904 are needed', str(error))

    def test_relative_folder(self):
        self.assertGreater(room.free_bytes(pathlib.Path('not/there')), 0)

    def test_file_system_does_not_say(self):
        def refuse(path):
            raise PermissionError(13, 'Permission denied')

        self.useFixture(fixtures.MonkeyPatch('os.statvfs', refuse))
        error = self.assertRaises(
            errors.TargetError, room.free_bytes, self.folder
        )
        self.assertIn('Permission denied', str(error))
