# SPDX-License-Identifier: Apache-2.0

import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient.sets import restorable
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.sets import samples

PATH = 'volumes/1.raw'


class TestRestorable(testtools.TestCase):
    def test_reads(self):
        store = memory.Memory()
        store.begin(samples.RUN)
        store.put(f'{samples.RUN}/{PATH}', b'data')
        files = restorable.Restorable(store, samples.RUN)
        with files.read(PATH, 2) as stream:
            self.assertEqual(b'ta', stream.read(9))

    def test_missing_file(self):
        """The command that lists other backups can be pasted."""
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        place = home / 'my backups'
        (place / samples.RUN).mkdir(parents=True)
        (place / samples.RUN / 'keys').write_text('')
        store = localfolder.Folder(place)
        files = restorable.Restorable(store, samples.RUN)
        instead = (
            'Use another backup: "openstack backup history --from '
            f"'{place}'\" lists them, and --run chooses one."
        )
        self.assertEqual(instead, files.instead)
        error = self.refused(files, PATH)
        self.assertEqual(
            f'{place}/{samples.RUN}/{PATH} is missing. {instead}', str(error)
        )
        self.assertIsInstance(error.__cause__, FileNotFoundError)
        # Other faults have other remedies.
        self.assertIn(
            'Not a directory', str(self.refused(files, 'keys/1.key'))
        )
        (place / samples.RUN / 'keys').unlink()
        self.assertIn('cannot be the path', str(self.refused(files, '../x')))

    def test_error_while_reading(self):
        """A file that the reader misses meanwhile is another one."""
        store = memory.Memory()
        store.begin(samples.RUN)
        store.put(f'{samples.RUN}/{PATH}', b'data')
        files = restorable.Restorable(store, samples.RUN)
        error = errors.TargetError('x')
        error.__cause__ = FileNotFoundError()

        def fail():
            with files.read(PATH):
                raise error

        self.assertIs(error, self.assertRaises(errors.TargetError, fail))

    def refused(self, files, path):
        def read():
            with files.read(path):
                self.fail(path)

        return self.assertRaises(errors.TargetError, read)
