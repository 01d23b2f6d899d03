# SPDX-License-Identifier: Apache-2.0
"""The store in a folder of this machine."""

import errno
import functools
import os
import pathlib
import resource
import shutil
import stat
from unittest import mock

import fixtures
import testtools

from backupclient import errors
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.tests.unit import failing_disk
from backupclient.tests.unit.store import contract

MIB = 1 << 20
TMPFS = '/dev/shm'


class FolderCase(testtools.TestCase):
    def new_store(self):
        place = TMPFS if os.path.isdir(TMPFS) else None
        self.parent = pathlib.Path(
            self.useFixture(fixtures.TempDir(place)).path
        )
        self.root = self.parent / 'backups'
        self.run = self.root / contract.RUN
        self.final = self.root / contract.FILE
        self.part = self.final.with_name('1.raw.part')
        return localfolder.Folder(self.root)


class TestFolder(contract.Contract, FolderCase):
    """The contract, on a file system in memory."""

    # Names, modes, and what is flushed

    def test_named_like_a_part_until_it_is_whole(self):
        with self.store.write(contract.FILE, 4) as writer:
            writer.data(0, b'data')
            self.assertEqual(['1.raw.part'], os.listdir(self.final.parent))
            self.assertEqual(b'data', self.part.read_bytes())
            writer.commit()
        self.assertEqual(['1.raw'], os.listdir(self.final.parent))

    def test_only_the_user_may_read(self):
        self.addCleanup(os.umask, os.umask(0))
        self.fill(b'data')
        self.store.put(f'{contract.RUN}/manifest.json', b'{}')
        for path in (self.run, self.final.parent):
            self.assertEqual(0o40700, path.stat().st_mode, path)
        for path in (self.final, self.run / 'manifest.json'):
            self.assertEqual(0o100600, path.stat().st_mode, path)

    def test_root_is_made_for_everyone(self):
        self.addCleanup(os.umask, os.umask(0o027))
        self.new_store().begin('x')
        self.assertEqual(0o40750, self.root.stat().st_mode)

    def watch(self):
        """Note what is flushed and named, in its order."""
        calls = []

        def flush(file, really=os.fsync):
            is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
            calls.append('folder' if is_folder else 'file')
            really(file)

        def give(source, name, *, really, **folders):
            calls.append(name)
            really(source, name, **folders)

        self.useFixture(fixtures.MonkeyPatch('os.fsync', flush))
        for name in ('link', 'replace', 'rename'):
            named = functools.partial(give, really=getattr(os, name))
            self.useFixture(fixtures.MonkeyPatch(f'os.{name}', named))
        return calls

    def test_flushed_before_and_after_it_has_its_name(self):
        self.fill(b'other', f'{contract.RUN}/volumes/2.raw')
        calls = self.watch()
        self.fill(b'data')
        self.assertEqual(['file', '1.raw', 'folder'], calls)
        calls.clear()
        self.store.put(f'{contract.RUN}/manifest.json', b'{}')
        self.assertEqual(['file', 'manifest.json', 'folder'], calls)

    def test_new_folders_are_flushed(self):
        calls = self.watch()
        self.store.begin('x')
        self.store.put('x/keys/1.key', b'')
        self.assertEqual(
            ['folder', 'folder', 'file', '1.key', 'folder'], calls
        )

    def test_folder_that_cannot_be_flushed(self):
        def flush(file, really=os.fsync):
            if stat.S_ISDIR(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, 'Invalid argument')
            really(file)

        self.useFixture(fixtures.MonkeyPatch('os.fsync', flush))
        self.fill(b'data')
        self.assertEqual(b'data', self.content())

    def test_file_system_without_links(self):
        def refuse(*names, **folders):
            raise OSError(errno.EPERM, 'Operation not permitted')

        self.useFixture(fixtures.MonkeyPatch('os.link', refuse))
        self.fill(b'data')
        self.store.put(f'{contract.RUN}/keys/1.key', b'key', replace=False)
        self.refused(self.fill, b'other')
        self.refused(
            self.store.put, f'{contract.RUN}/keys/1.key', b'', replace=False
        )
        self.assertEqual(b'data', self.content())
        self.assertEqual(b'key', self.content(f'{contract.RUN}/keys/1.key'))

    # Holes, and going on

    def test_holes_are_not_read(self):
        with self.store.write(contract.FILE) as writer:
            writer.hole(0, MIB)
            writer.data(MIB, b'x' * MIB)
            writer.hole(2 * MIB, 1 << 40)
            writer.commit()
        with self.store.read(contract.FILE) as stream:
            self.assertEqual(1000, stream.pass_hole(1000))
            self.assertEqual(MIB - 1000, stream.pass_hole(1 << 50))
            self.assertEqual(0, stream.pass_hole(1 << 50))
            self.assertEqual(MIB, stream.read_into(bytearray(MIB)))
            self.assertEqual(1 << 40, stream.pass_hole(1 << 50))
            self.assertEqual(0, stream.pass_hole(1 << 50))
            self.assertEqual(0, stream.read_into(bytearray(MIB)))

    def test_holes_where_the_file_system_cannot_tell(self):
        self.fill(bytes(MIB))
        with mock.patch(
            'os.lseek', autospec=True, side_effect=OSError(errno.EINVAL, 'x')
        ):
            self.assertEqual(bytes(MIB), self.passing(0, 99_999))

    def test_link_is_not_opened_for_another_program(self):
        self.fill(b'data')
        link = self.final.with_name('2.raw')
        link.symlink_to(self.final)
        for path in (link, self.final.with_name('3.raw')):
            relative = str(path.relative_to(self.root))
            self.refused(self.enter, self.store.opened(relative))

    def test_holes_take_no_room(self):
        with self.store.write(contract.FILE) as writer:
            writer.hole(0, 4 * MIB)
            writer.data(4 * MIB, os.urandom(MIB))
            writer.hole(5 * MIB, 3 * MIB)
            writer.commit()
        self.assertEqual(8 * MIB, self.final.stat().st_size)
        self.assertLessEqual(self.final.stat().st_blocks * 512, 1.1 * MIB)

    def test_goes_on_behind_the_last_data(self):
        """What was a hole at the end comes again."""
        with self.store.write(contract.FILE) as writer:
            writer.data(0, b'a' * 5000)
            writer.hole(5000, 100_000)
        with self.store.write(contract.FILE) as writer:
            self.assertEqual(5000, writer.kept)

    def test_goes_on_with_what_a_kill_has_left(self):
        self.final.parent.mkdir()
        self.part.write_bytes(b'abc')
        with self.store.write(contract.FILE, 5) as writer:
            self.assertEqual([b'abc'], list(writer.earlier()))
            writer.data(3, b'de')
            writer.commit()
        self.assertEqual(b'abcde', self.final.read_bytes())

    # Links, and what is no plain file

    def test_never_replaces_a_dangling_link(self):
        self.final.parent.mkdir()
        self.final.symlink_to('nowhere')
        said = self.refused(self.fill, b'data')
        self.assertIn('something was put there meanwhile', said)
        self.assertTrue(self.final.is_symlink())
        self.assertEqual(b'data', self.part.read_bytes())

    def test_part_that_is_a_link(self):
        victim = self.parent / 'victim'
        self.final.parent.mkdir()
        for make in (lambda: victim.write_bytes(b'precious'), victim.unlink):
            make()
            self.part.unlink(missing_ok=True)
            self.part.symlink_to(victim)
            self.assertIn('symbolic link', self.refused(self.fill, b'data'))
        self.assertFalse(victim.exists())

    def test_part_that_is_no_plain_file(self):
        self.final.parent.mkdir()
        os.mkfifo(self.part)
        self.assertIn('not a plain file', self.refused(self.fill, b'data'))
        self.part.unlink()
        self.part.mkdir()
        self.assertIn('Is a directory', self.refused(self.fill, b'data'))

    def everything(self, path):
        """All that can be done with a file."""
        return (
            lambda: self.fill(b'data', path),
            lambda: self.enter(self.store.read(path)),
            lambda: self.store.put(path, b'data'),
            lambda: self.store.stat(path),
        )

    def test_file_that_is_a_link_or_a_pipe(self):
        """A pipe is not waited for, either."""
        victim = self.parent / 'victim'
        victim.write_bytes(b'precious')
        self.final.parent.mkdir()
        for make in (
            lambda: self.final.symlink_to(victim),
            lambda: os.mkfifo(self.final),
            self.final.mkdir,
        ):
            make()
            for function in self.everything(contract.FILE):
                self.refused(function)
            (entry,) = self.store.list(f'{contract.RUN}/volumes') or [None]
            self.assertFalse(entry and entry.plain)
            shutil.rmtree(self.final.parent)
            self.final.parent.mkdir()
        self.assertEqual(b'precious', victim.read_bytes())

    def test_delete_of_a_link_is_of_the_link(self):
        victim = self.parent / 'victim'
        victim.write_bytes(b'precious')
        self.final.parent.mkdir()
        self.final.symlink_to(victim)
        self.store.delete(contract.FILE)
        self.assertEqual([], os.listdir(self.final.parent))
        self.assertEqual(b'precious', victim.read_bytes())
        self.final.mkdir()
        self.refused(self.store.delete, contract.FILE)

    def test_folder_that_is_a_link(self):
        elsewhere = self.parent / 'elsewhere'
        elsewhere.mkdir()
        self.final.parent.symlink_to(elsewhere)
        for function in self.everything(contract.FILE):
            self.assertIn('is a link', self.refused(function))
        self.refused(self.store.delete, contract.FILE)
        self.assertEqual([], os.listdir(elsewhere))

    def test_folder_that_is_a_file(self):
        self.final.parent.write_text('')
        for function in self.everything(contract.FILE):
            self.assertIn('Not a directory', self.refused(function))

    def test_run_that_is_a_link(self):
        elsewhere = self.parent / 'elsewhere'
        self.run.rename(elsewhere)
        self.run.symlink_to(elsewhere)
        for function in self.everything(contract.FILE):
            self.refused(function)
        self.refused(self.store.rename, contract.RUN, 'new')
        self.refused(self.store.tidy, contract.RUN)
        self.refused(self.store.begin, contract.RUN)
        self.assertTrue(self.store.has(contract.RUN))
        self.assertEqual([], os.listdir(elsewhere))

    def test_root_may_be_a_link(self):
        self.root.rename(self.parent / 'elsewhere')
        self.root.symlink_to(self.parent / 'elsewhere')
        self.fill(b'data')
        self.assertEqual(b'data', self.content())

    def test_of_someone_else(self):
        """Others' sets are read, never written to."""
        self.fill(b'data')
        self.useFixture(
            fixtures.MonkeyPatch('os.geteuid', lambda: os.getuid() + 1)
        )
        other = f'{contract.RUN}/volumes/2.raw'
        for function in (
            lambda: self.fill(b'data', other),
            lambda: self.store.put(other, b'data'),
            lambda: self.store.rename(contract.RUN, 'new'),
            lambda: self.store.delete(contract.FILE),
            lambda: self.store.delete(other),
        ):
            self.assertIn('someone else', self.refused(function))
        self.assertEqual(b'data', self.content())
        self.assertEqual([contract.FILE], self.paths())

    def test_list_of_what_nobody_would_write(self):
        """However deep it is, and whatever there is."""
        deep = self.run.joinpath(*'abcdefghijkl')
        deep.mkdir(parents=True)
        os.mkfifo(self.run / 'pipe')
        found = {entry.path: entry.plain for entry in self.store.list()}
        self.assertEqual([False, False], list(found.values()))
        self.assertIn(f'{contract.RUN}/pipe', found)

    def test_file_that_goes_while_it_is_listed(self):
        """All others are there: an empty list would be a lie."""
        for number in range(3):
            self.fill(b'data', f'{contract.RUN}/volumes/{number}.raw')

        def gone(name, really=os.lstat, **options):
            if name == '1.raw':
                raise FileNotFoundError(2, 'No such file or directory')
            return really(name, **options)

        self.useFixture(fixtures.MonkeyPatch('os.lstat', gone))
        self.assertEqual(2, len(self.paths()))

    def test_list_of_a_root_that_is_not_there(self):
        """It may be a disk that is not mounted."""
        self.root.rename(self.parent / 'away')
        self.refused(self.store.list)
        self.assertFalse(self.store.has(contract.RUN))

    def test_root_that_is_no_folder(self):
        file = self.parent / 'file'
        file.write_text('')
        (self.parent / 'link').symlink_to(file)
        (self.parent / 'loop').symlink_to(self.parent / 'loop')
        for name in ('away', 'file', 'file/below', 'link', 'loop'):
            store = localfolder.Folder(self.parent / name)
            for function in (store.list, store.folders):
                error = self.assertRaises(errors.TargetError, function)
                self.assertEqual(
                    f'There is no folder {self.parent / name}. Name the '
                    'folder that "backup run --to" wrote to.',
                    str(error),
                )

    def test_root_that_may_not_be_read(self):
        def refused(*_, **__):
            raise PermissionError(13, 'Permission denied')

        self.useFixture(fixtures.MonkeyPatch('os.open', refused))
        self.assertEqual(
            f'{self.root} cannot be read: Permission denied.',
            str(self.refused(self.store.folders)),
        )

    def test_times_that_no_date_has(self):
        self.fill(b'data')
        for time in (-(10**9), 10**11, 10**15):
            try:
                os.utime(self.final, (time, time))
            except OSError:
                continue
            (entry,) = self.store.list()
            self.assertGreaterEqual(entry.changed_at.year, 1970)

    # A place that is not as it should be

    def test_parent_of_the_root_must_be_there(self):
        store = localfolder.Folder(self.parent / 'a' / 'b')
        error = self.assertRaises(errors.TargetError, store.begin, 'run')
        self.assertIn(f'{self.parent / "a"} is not there', str(error))
        self.assertEqual(['backups'], os.listdir(self.parent))

    def test_root_that_is_a_file(self):
        path = self.parent / 'file'
        path.write_text('')
        store = localfolder.Folder(path)
        self.assertRaises(errors.TargetError, store.begin, 'run')
        error = self.assertRaises(errors.TargetError, store.require_writable)
        self.assertIn('not a folder', str(error))

    def test_root_that_cannot_be_written_to(self):
        self.useFixture(fixtures.MonkeyPatch('os.access', lambda *_: False))
        self.refused(self.store.require_writable)

    def test_free_bytes_of_a_root_to_be(self):
        for path in (self.root / 'a', pathlib.Path('not-there')):
            store = localfolder.Folder(path)
            store.require_writable()
            self.assertGreater(store.free(), 0)

    def test_file_system_that_does_not_tell(self):
        def refuse(path):
            raise PermissionError(13, 'Permission denied')

        self.useFixture(fixtures.MonkeyPatch('os.statvfs', refuse))
        self.assertIn('Permission denied', self.refused(self.store.free))

    def test_full(self):
        def full(*arguments):
            raise OSError(errno.ENOSPC, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.pwrite', full))
        said = self.refused(self.fill, b'data')
        self.assertIn('No space left on device', said)
        self.assertIn('bytes are free there: make room', said)
        self.assertIn(str(self.final), said)

    def test_too_large_for_the_file_system(self):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
        said = self.refused(self.fill, b'a' * (2 * MIB))
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertIn('File too large', said)
        self.assertFalse(self.final.exists())

    def test_folder_that_is_taken_away(self):
        """As by a lazy unmount: the descriptors still work."""
        away = self.parent / 'away'
        with self.store.write(contract.FILE) as writer:
            writer.data(0, b'data')
            self.root.rename(away)
            self.refused(writer.commit)

    def test_empty_folder_is_there_instead(self):
        """As after an unmount: nothing of the run comes into being there."""
        self.root.rename(self.parent / 'away')
        self.root.mkdir()
        self.refused(self.fill, b'data')
        self.refused(self.store.put, f'{contract.RUN}/manifest.json', b'')
        self.assertEqual([], os.listdir(self.root))

    def test_another_folder_is_there_instead(self):
        away = self.parent / 'away'
        with self.store.write(contract.FILE) as writer:
            writer.data(0, b'data')
            self.root.rename(away)
            self.final.parent.mkdir(parents=True)
            self.final.write_bytes(b'data')
            self.refused(writer.commit)
        with self.store.write(f'{contract.RUN}/volumes/2.raw') as writer:
            writer.data(0, b'data')
            self.root.rename(self.parent / 'further')
            self.final.parent.mkdir(parents=True)
            self.final.with_name('2.raw').symlink_to(
                self.parent / 'further' / contract.FILE
            )
            self.refused(writer.commit)

    def test_file_that_is_taken_away_while_it_is_read(self):
        self.fill(b'data')

        def fail(*arguments):
            raise OSError(errno.EIO, 'Input/output error')

        with self.store.read(contract.FILE) as stream:
            self.useFixture(fixtures.MonkeyPatch('os.pread', fail))
            self.assertIn('Input/output error', self.refused(stream.read, 4))

    def test_short_reads_and_writes(self):
        """As of network file systems."""
        self.useFixture(
            fixtures.MonkeyPatch(
                'os.pwrite',
                lambda file, block, offset, really=os.pwrite: really(
                    file, block[:3], offset
                ),
            )
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'os.pread',
                lambda file, size, offset, really=os.pread: really(
                    file, min(size, 3), offset
                ),
            )
        )
        self.fill(b'data' * 9)
        with self.store.read(contract.FILE) as stream:
            self.assertEqual(b'data' * 9, stream.read(100))


class TestFaults(FolderCase):
    """A disk that fails at each of its calls, one after the other."""

    def setUp(self):
        super().setUp()
        self.path = f'{contract.RUN}/manifest.json'

    def at_each_call(self, kind, work, least):
        """Let calls fail until all were let through.

        :param work: does it, and then looks at what is there.
        """
        for at in range(100):
            store = self.new_store()
            store.begin(contract.RUN)
            store.put(self.path, b'older')
            disk = kind(self.root, at, lambda: None)
            done = False
            with disk:
                try:
                    work(store)
                    done = True
                except errors.TargetError as error:
                    self.assertIn(disk.root, str(error))
                    self.assertIn(os.strerror(disk.code), str(error))
            yield store, done
            if not disk.hit:
                self.assertTrue(done)
                self.assertGreaterEqual(at, least)
                return

    def write(self, store):
        with store.write(contract.FILE, 9000) as writer:
            if writer.kept < 4:
                writer.data(writer.kept, b'data'[writer.kept :])
            at = max(writer.kept, 4)
            writer.hole(at, 9000 - at)
            writer.commit()

    def test_data(self):
        """Whole or not there, and once more it is there."""
        for kind in failing_disk.ALL:
            for store, done in self.at_each_call(kind, self.write, 4):
                found = store.stat(contract.FILE)
                if done:
                    self.assertIsNotNone(found)
                if found is None and self.run.exists():
                    self.write(store)
                if self.run.exists():
                    self.assertEqual(
                        b'data' + bytes(8996), self.final.read_bytes()
                    )

    def test_small_file_that_is_replaced(self):
        """The older one or the newer one, and nothing beside it."""
        for kind in failing_disk.ALL:
            for store, done in self.at_each_call(
                kind, lambda store: store.put(self.path, b'newer'), 3
            ):
                if kind is failing_disk.Gone:
                    continue
                found = (self.root / self.path).read_bytes()
                self.assertIn(found, (b'older', b'newer'))
                if done:
                    self.assertEqual(b'newer', found)
                left = {entry.path for entry in store.list()} - {self.path}
                if kind is not failing_disk.ReadOnly:
                    self.assertEqual(set(), left)

    def test_new_small_file(self):
        """Nothing is left of it when it fails."""
        key = f'{contract.RUN}/keys/1.key'
        for kind in (failing_disk.Full, failing_disk.Broken):
            for store, done in self.at_each_call(
                kind,
                lambda store: store.put(
                    key, b'key', replace=False, secrecy=base.Secrecy.SECRET
                ),
                4,
            ):
                there = {entry.path for entry in store.list()}
                self.assertEqual(
                    {self.path, key} if done else {self.path}, there
                )
