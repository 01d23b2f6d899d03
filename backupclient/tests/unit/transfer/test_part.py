# SPDX-License-Identifier: Apache-2.0

import errno
import os
import pathlib
import resource
import shutil
import stat

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.transfer import part

MIB = 1 << 20


class PartTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.final = self.folder / 'a.raw'
        self.part = self.folder / 'a.raw.part'

    def _write(self, data, step=MIB):
        with part.opened(self.final) as opened:
            for offset in range(0, len(data), step):
                opened.write(offset, data[offset : offset + step])
            opened.finish(len(data))


class TestPart(PartTestCase):
    def test_has_its_name_when_finished(self):
        with part.opened(self.final) as opened:
            opened.write(0, b'data')
            self.assertEqual(['a.raw.part'], os.listdir(self.folder))
            opened.finish(4)
        self.assertEqual(['a.raw'], os.listdir(self.folder))
        self.assertEqual(b'data', self.final.read_bytes())

    def test_only_the_user_may_read(self):
        self.addCleanup(os.umask, os.umask(0))
        self._write(b'data')
        self.assertEqual(0o600, stat.S_IMODE(self.final.stat().st_mode))

    def test_flushed_before_and_after_the_rename(self):
        calls = []

        def flush(file, really=os.fsync):
            is_folder = stat.S_ISDIR(os.fstat(file).st_mode)
            calls.append('folder' if is_folder else 'file')
            really(file)

        def rename(*names, really=os.rename, **folders):
            calls.append('rename')
            really(*names, **folders)

        self.useFixture(fixtures.MonkeyPatch('os.fsync', flush))
        self.useFixture(fixtures.MonkeyPatch('os.rename', rename))
        self._write(b'data')
        self.assertEqual(['file', 'rename', 'folder'], calls)

    def test_folder_that_cannot_be_flushed(self):
        def flush(file, really=os.fsync):
            if stat.S_ISDIR(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, 'Invalid argument')
            really(file)

        self.useFixture(fixtures.MonkeyPatch('os.fsync', flush))
        self._write(b'data')
        self.assertEqual(b'data', self.final.read_bytes())

    def test_zeros_are_holes(self):
        data = bytes(4 * MIB) + os.urandom(MIB) + bytes(3 * MIB)
        self._write(data)
        self.assertEqual(data, self.final.read_bytes())
        self.assertLessEqual(self.final.stat().st_blocks * 512, 1.1 * MIB)

    def test_holes_do_not_depend_on_the_size_of_blocks(self):
        data = bytes(MIB) + os.urandom(64 << 10) + bytes(MIB)
        self._write(data, step=1000)
        self.assertEqual(data, self.final.read_bytes())
        self.assertLessEqual(self.final.stat().st_blocks * 512, 80 << 10)

    def test_length_is_what_was_received_without_zeros_at_the_end(self):
        with part.opened(self.final) as opened:
            opened.write(0, b'a' * 5000)
            opened.write(5000, bytes(100_000))
            self.assertGreaterEqual(opened.length, 5000)
            self.assertLessEqual(opened.length, 105_000)
            self.assertEqual(
                b'a' * 5000, b''.join(opened.blocks()).rstrip(b'\0')
            )

    def test_opened_again_holds_what_was_there(self):
        with part.opened(self.final) as opened:
            opened.write(0, b'abc')
        with part.opened(self.final) as opened:
            self.assertEqual([b'abc'], list(opened.blocks()))

    def test_clear(self):
        with part.opened(self.final) as opened:
            opened.write(0, b'abc')
            opened.clear()
            self.assertEqual(0, opened.length)
            opened.finish(2)
        self.assertEqual(b'\0\0', self.final.read_bytes())

    def test_discard(self):
        with part.opened(self.final):
            pass
        part.discard(self.final)
        part.discard(self.final)
        self.assertEqual([], os.listdir(self.folder))


class TestTroubles(PartTestCase):
    def _refused(self, text):
        error = self.assertRaises(errors.TargetError, self._write, b'data')
        self.assertIn(str(self.final), str(error))
        self.assertIn(text, str(error))

    def test_never_replaces_a_file(self):
        self.final.write_bytes(b'older')
        self._refused('something was put there meanwhile')
        self.assertEqual(b'older', self.final.read_bytes())
        self.assertEqual(b'data', self.part.read_bytes())

    def test_never_replaces_a_dangling_link(self):
        self.final.symlink_to('nowhere')
        self._refused('something was put there meanwhile')
        self.assertTrue(self.final.is_symlink())

    def test_does_not_follow_a_link(self):
        victim = self.folder / 'victim'
        victim.write_bytes(b'precious')
        self.part.symlink_to(victim)
        self._refused('symbolic link')
        self.assertEqual(b'precious', victim.read_bytes())

    def test_does_not_make_what_a_link_names(self):
        self.part.symlink_to('victim')
        self._refused('symbolic link')
        self.assertFalse((self.folder / 'victim').exists())

    def test_does_not_follow_a_linked_folder(self):
        (self.folder / 'real').mkdir()
        (self.folder / 'link').symlink_to('real')
        self.final = self.folder / 'link' / 'a.raw'
        self._refused('Not a directory')
        self.assertEqual([], os.listdir(self.folder / 'real'))

    def test_not_a_plain_file(self):
        os.mkfifo(self.part)
        self._refused('it is not a plain file')

    def test_a_folder_has_the_name(self):
        self.part.mkdir()
        self._refused('Is a directory')

    def test_no_folder(self):
        self.final = self.folder / 'none' / 'a.raw'
        self._refused('No such file or directory')

    def test_full(self):
        def full(*arguments):
            raise OSError(errno.ENOSPC, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.pwrite', full))
        self._refused('No space left on device')
        self._refused('bytes are free; make room')

    def test_too_large_for_the_file_system(self):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
        error = self.assertRaises(
            errors.TargetError, self._write, b'a' * (2 * MIB)
        )
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertIn('File too large', str(error))
        self.assertFalse(self.final.exists())

    def test_file_that_cannot_be_flushed(self):
        def flush(file):
            raise OSError(errno.EIO, 'Input/output error')

        self.useFixture(fixtures.MonkeyPatch('os.fsync', flush))
        self._refused('Input/output error')
        self.assertFalse(self.final.exists())

    def test_folder_that_is_taken_away(self):
        """As by a lazy unmount: the descriptors still work."""
        away = self.folder.with_name(f'{self.folder.name}.away')
        with part.opened(self.final) as opened:
            opened.write(0, b'data')
            self.folder.rename(away)
            self.addCleanup(away.rename, self.folder)
            failure = self.assertRaises(errors.TargetError, opened.finish, 4)
        self.assertIn(str(self.final), str(failure))

    def test_another_folder_is_there_instead(self):
        away = self.folder.with_name(f'{self.folder.name}.away')
        with part.opened(self.final) as opened:
            self.folder.rename(away)
            self.addCleanup(shutil.rmtree, away)
            self.folder.mkdir()
            self.final.write_bytes(b'data')
            opened.write(0, b'data')
            # It is refused before the part file gets its name.
            self.assertRaises(errors.TargetError, opened.finish, 4)
            self.final.unlink()
            (self.folder / 'a.raw').symlink_to(away / 'a.raw.part')
            self.assertRaises(errors.TargetError, opened.finish, 4)

    def test_withdraw(self):
        self._write(b'data')
        self.part.write_bytes(b'more')
        part.withdraw(self.final)
        self.assertEqual([], os.listdir(self.folder))
        part.withdraw(self.final)
        self.final.mkdir()
        self.assertRaises(errors.TargetError, part.withdraw, self.final)

    def test_discard_of_a_folder(self):
        self.part.mkdir()
        self.assertRaises(errors.TargetError, part.discard, self.final)

    def test_finished_does_not_follow_a_link(self):
        (self.folder / 'other').write_bytes(b'x')
        self.final.symlink_to('other')
        self.assertRaises(
            errors.TargetError, part.finished(self.final).__enter__
        )

    def test_finished_does_not_wait_for_a_pipe(self):
        os.mkfifo(self.final)
        self.assertRaises(
            errors.TargetError, part.finished(self.final).__enter__
        )


RUN = st.tuples(st.sampled_from([0, 1]), st.integers(1, 9000))


class TestAnyContent(testtools.TestCase):
    @hypothesis.settings(deadline=None)
    @hypothesis.given(st.lists(RUN, max_size=8), st.integers(50, 20_000))
    def test_comes_out_as_it_went_in(self, runs, step):
        data = b''.join(bytes([value]) * length for value, length in runs)
        with fixtures.TempDir() as folder:
            final = pathlib.Path(folder.path) / 'a'
            with part.opened(final) as opened:
                for offset in range(0, len(data), step):
                    opened.write(offset, data[offset : offset + step])
                    self.assertLessEqual(opened.length, offset + step)
                opened.finish(len(data))
            self.assertEqual(data, final.read_bytes())
