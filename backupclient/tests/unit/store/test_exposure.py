# SPDX-License-Identifier: Apache-2.0
"""Keys in a folder: nobody else can read or replace them."""

import errno
import os
import pathlib
import stat
from unittest import mock

import fixtures
import testtools

from backupclient import errors
from backupclient.store import base
from backupclient.store import localfolder

DATA = b'key bytes'


def write_new(path, data, secrecy=base.Secrecy.SECRET):
    localfolder.Folder(path.parent).put(
        path.name, data, replace=False, secrecy=secrecy
    )


class TestWriteNew(testtools.TestCase):
    """Real files in a folder of our own."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'volume-1.key'

    def assert_refused(self, reason: str, path: pathlib.Path) -> None:
        before = sorted(self.folder.rglob('*'))
        error = self.assertRaises(errors.TargetError, write_new, path, DATA)
        self.assertIn(reason, str(error))
        self.assertNotIn(DATA.decode(), str(error))
        self.assertEqual(before, sorted(self.folder.rglob('*')))

    def patch(self, name: str, value: object) -> None:
        self.useFixture(fixtures.MonkeyPatch(name, value))

    def test_written(self):
        previous = os.umask(0)
        self.addCleanup(os.umask, previous)
        write_new(self.path, DATA)
        self.assertEqual(DATA, self.path.read_bytes())
        self.assertEqual(0o600, stat.S_IMODE(self.path.stat().st_mode))

    def test_relative(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        write_new(pathlib.Path('here.key'), DATA)
        self.assertEqual(DATA, (self.folder / 'here.key').read_bytes())

    def test_flushed_with_its_folder(self):
        flushed = []

        def fsync(descriptor):
            status = os.fstat(descriptor)
            flushed.append((stat.S_ISDIR(status.st_mode), status.st_size))

        self.patch('os.fsync', fsync)
        write_new(self.path, DATA)
        self.assertEqual((False, len(DATA)), flushed[0])
        self.assertEqual([False, True], [folder for folder, _ in flushed])

    def test_never_replaced(self):
        self.path.write_bytes(b'older')
        self.assert_refused('is there already', self.path)
        self.assertEqual(b'older', self.path.read_bytes())

    def test_link_in_its_place(self):
        for target in ('elsewhere', 'nothing'):
            with self.subTest(target):
                (self.folder / 'elsewhere').write_bytes(b'older')
                self.path.unlink(missing_ok=True)
                self.path.symlink_to(self.folder / target)
                self.assert_refused('is there already', self.path)

    def test_link_to_a_folder(self):
        link = self.folder / 'link'
        link.symlink_to(self.folder)
        self.assert_refused('is a symbolic link', link / 'a.key')

    def test_no_folder(self):
        self.assert_refused('No such file', self.folder / 'none' / 'a.key')

    def test_file_as_folder(self):
        self.path.write_bytes(b'')
        self.assert_refused('Not a directory', self.path / 'a.key')

    def test_no_name(self):
        for name in ('', '..'):
            self.assert_refused('', self.folder / name)

    def test_others_can_write(self):
        for mode in (0o720, 0o702, 0o777, 0o2770):
            with self.subTest(mode=mode):
                self.folder.chmod(mode)
                self.assert_refused('chmod go-w', self.path)

    def test_sticky(self):
        self.folder.chmod(0o1777)
        write_new(self.path, DATA)
        self.assertEqual(DATA, self.path.read_bytes())

    def owned_by(self, user: int) -> None:
        real = os.fstat

        def fstat(descriptor):
            values = list(real(descriptor))
            values[stat.ST_UID] = user
            return os.stat_result(values)

        self.patch('os.fstat', fstat)

    def test_folder_of_another_user(self):
        self.owned_by(os.geteuid() + 1)
        self.assert_refused('belongs to another user', self.path)

    def test_folder_of_root(self):
        self.owned_by(0)
        self.patch('os.geteuid', lambda: 1000)
        write_new(self.path, DATA)
        self.assertEqual(DATA, self.path.read_bytes())

    def test_disk_full(self):
        self.patch(
            'os.fsync',
            mock.Mock(side_effect=OSError(errno.ENOSPC, 'No space left')),
        )
        self.assert_refused('No space left', self.path)

    def test_disk_that_fails_at_the_end(self):
        real = os.fsync

        def fsync(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EIO, 'Input/output error')
            real(descriptor)

        self.patch('os.fsync', fsync)
        self.assert_refused('Input/output error', self.path)

    def test_whole_or_not_at_all(self):
        """A kill leaves no half of a key under its name."""
        seen = []
        self.patch('os.fsync', lambda _: seen.append(self.path.exists()))
        write_new(self.path, DATA)
        self.assertEqual([False, True], seen)
        self.path.unlink()
        left = self.path.with_name(f'{self.path.name}.part')
        left.write_bytes(DATA[:3])
        write_new(self.path, DATA)
        self.assertEqual(DATA, self.path.read_bytes())
        self.assertEqual([self.path], [*self.folder.iterdir()])

    def test_file_system_without_links(self):
        refused = OSError(errno.EPERM, 'Operation not permitted')
        self.patch('os.link', mock.Mock(side_effect=refused))
        write_new(self.path, DATA)
        self.assertEqual(DATA, self.path.read_bytes())
        self.assert_refused('is there already', self.path)
        self.assertEqual([self.path], [*self.folder.iterdir()])

    def test_interrupted(self):
        self.patch('os.fsync', mock.Mock(side_effect=KeyboardInterrupt))
        self.assertRaises(KeyboardInterrupt, write_new, self.path, DATA)
        self.assertFalse(self.path.exists())

    def test_file_system_without_modes(self):
        real = os.open

        def careless(path, flags, mode=0o777, *, dir_fd=None):
            descriptor = real(path, flags, mode, dir_fd=dir_fd)
            if flags & os.O_CREAT:
                os.fchmod(descriptor, 0o755)
            return descriptor

        self.patch('os.open', careless)
        self.assert_refused('does not keep others from reading', self.path)
        write_new(self.path, DATA, base.Secrecy.SEALED)
        self.assertEqual(DATA, self.path.read_bytes())
