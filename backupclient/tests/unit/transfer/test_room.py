# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient import errors
from backupclient.store import memory
from backupclient.transfer import room


class TestRoom(testtools.TestCase):
    def test_fits(self):
        room.require_room(memory.Memory(room=5), 5)

    def test_does_not_fit(self):
        store = memory.Memory(room=5)
        error = self.assertRaises(
            errors.TargetError, room.require_room, store, 1 << 62
        )
        self.assertIn('memory has 5 bytes free', str(error))
        self.assertIn('4,611,686,018,427,387,904 are needed', str(error))

    def test_free_space_is_not_known(self):
        room.require_room(memory.Memory(), 1 << 62)

    def test_nothing_can_be_written(self):
        self.assertRaises(
            errors.TargetError, room.require_room, memory.Memory(room=0), 0
        )
