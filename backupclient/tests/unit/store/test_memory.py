# SPDX-License-Identifier: Apache-2.0
"""The store in memory, with and without what stores can do."""

import testtools

from backupclient import errors
from backupclient.store import base
from backupclient.store import memory
from backupclient.tests.unit.store import contract


class TestMemory(contract.Contract, testtools.TestCase):
    def new_store(self):
        return memory.Memory()


class TestWithoutAbilities(contract.Contract, testtools.TestCase):
    """As of object stores."""

    def new_store(self):
        return memory.Memory(base.Abilities())


class TestRoom(testtools.TestCase):
    def test_full(self):
        store = memory.Memory(room=10)
        store.begin('run')
        store.put('run/a', b'12345678')
        self.assertEqual(2, store.free())
        self.assertRaises(errors.TargetError, store.put, 'run/b', b'123')
        self.assertIsNone(store.stat('run/b'))
        store.put('run/a', b'1234567890')
        self.assertEqual(0, store.free())

    def test_takes_nothing(self):
        store = memory.Memory(room=0)
        self.assertRaises(errors.TargetError, store.require_writable)
