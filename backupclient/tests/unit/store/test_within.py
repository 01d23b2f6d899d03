# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient import errors
from backupclient.model import layout
from backupclient.store import base
from backupclient.store import memory
from backupclient.store import within

PATH = 'volumes/1.raw'


class TestWithin(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.store = memory.Memory()
        for run in ('run', 'run-2'):
            self.store.begin(run)
            self.store.put(f'{run}/manifest.json', b'{}')
        self.files = within.Within(self.store, 'run', layout.is_member)

    def test_is_the_folder(self):
        with self.files.write(PATH, 4) as writer:
            writer.data(0, b'data')
            writer.commit()
        self.files.put('keys/1.key', b'key', secrecy=base.Secrecy.SECRET)
        self.assertEqual(b'data', self.store.files[f'run/{PATH}'])
        self.assertEqual('memory/run', self.files.name)
        self.assertEqual(PATH, self.files.stat(PATH).path)
        with self.files.read(PATH, 2) as stream:
            self.assertEqual(b'ta', stream.read(9))
        self.files.delete(PATH)
        self.assertIsNone(self.files.stat(PATH))
        self.assertEqual(
            ['keys/1.key', 'manifest.json'],
            [entry.path for entry in self.files.list()],
        )
        self.assertEqual(
            ['keys/1.key'], [entry.path for entry in self.files.list('keys')]
        )

    def test_other_paths_are_refused(self):
        before = dict(self.store.files)
        for path in ('manifest.json', '../run-2/manifest.json', '', 'x/1.raw'):
            for function in (
                self.files.stat,
                self.files.delete,
                self.files.read,
                self.files.write,
                lambda path: self.files.put(path, b''),
            ):
                self.assertRaises(errors.TargetError, function, path)
        self.assertEqual(before, self.store.files)
