# SPDX-License-Identifier: Apache-2.0
"""What each store has to do: one class of tests that all of them pass."""

import datetime
import os
import threading

import hypothesis
from hypothesis import strategies as st

from backupclient import errors
from backupclient.store import base
from backupclient.tests.unit import examples

RUN = '20260131T235959Z-abcd'
FILE = f'{RUN}/volumes/1.raw'
MIB = 1 << 20

RUNS = st.lists(
    st.tuples(st.sampled_from(b'\0ab'), st.integers(1, 9000)), max_size=8
)


class Contract:
    """To be inherited beside ``testtools.TestCase``.

    The subclass gives ``self.store``, a new one, by :meth:`new_store`.
    """

    def setUp(self):
        super().setUp()
        self.renew()

    def renew(self):
        self.store = self.new_store()
        self.store.begin(RUN)

    def fill(self, data, path=FILE, step=MIB, size=None):
        """Write a file."""
        with self.store.write(path, size) as writer:
            for offset in range(writer.kept, len(data), step):
                writer.data(offset, data[offset : offset + step])
            writer.commit()

    def content(self, path=FILE, offset=0):
        with self.store.read(path, offset) as stream:
            found = []
            while block := stream.read(1000):
                found.append(block)
            return b''.join(found)

    def paths(self, folder=''):
        return [entry.path for entry in self.store.list(folder)]

    def refused(self, function, *args, **options):
        """It says which store and path are meant."""
        error = self.assertRaises(
            errors.TargetError, function, *args, **options
        )
        self.assertIn(self.store.name, str(error))
        return str(error)

    def enter(self, context):
        with context:
            pass

    # Writing

    def test_written_is_read(self):
        self.fill(b'data')
        self.assertEqual(b'data', self.content())
        self.assertEqual([FILE], self.paths())

    def test_empty_file(self):
        self.fill(b'', size=0)
        self.assertEqual(b'', self.content())
        self.assertEqual(0, self.store.stat(FILE).size)

    def test_is_there_only_when_whole(self):
        with self.store.write(FILE, 8) as writer:
            writer.data(0, b'data')
            self.assertIsNone(self.store.stat(FILE))
            self.refused(self.enter, self.store.read(FILE))
            writer.data(4, b'more')
            self.assertIsNone(self.store.stat(FILE))
            writer.commit()
            self.assertEqual(b'datamore', self.content())

    def test_never_there_without_a_commit(self):
        with self.store.write(FILE, 4) as writer:
            writer.data(0, b'data')
        self.assertIsNone(self.store.stat(FILE))
        self.assertIsNone(self.store.stat(FILE))
        self.assertNotIn(FILE, self.paths())

    def test_never_there_after_an_error(self):
        for error in (ZeroDivisionError, KeyboardInterrupt):
            try:
                with self.store.write(FILE, 4, anew=True) as writer:
                    writer.data(0, b'data')
                    raise error
            except error:
                pass
            self.assertIsNone(self.store.stat(FILE))

    def test_holes_are_zeros(self):
        with self.store.write(FILE) as writer:
            writer.hole(0, 5000)
            writer.data(5000, b'data')
            writer.hole(5004, 3 * MIB)
            writer.commit()
        self.assertEqual(
            bytes(5000) + b'data' + bytes(3 * MIB), self.content()
        )
        self.assertEqual(5004 + 3 * MIB, self.store.stat(FILE).size)

    def test_goes_forwards_only(self):
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
            for offset in (0, 3, 5):
                self.assertRaises(ValueError, writer.data, offset, b'x')
                self.assertRaises(ValueError, writer.hole, offset, 1)
            writer.data(4, b'more')
            writer.commit()
        self.assertEqual(b'datamore', self.content())

    def test_not_the_size_that_was_announced(self):
        for size in (3, 5):
            with self.store.write(FILE, size, anew=True) as writer:
                writer.data(0, b'data')
                self.refused(writer.commit)
            self.assertIsNone(self.store.stat(FILE))

    def test_a_block_can_be_reused(self):
        block = bytearray(b'data')
        with self.store.write(FILE) as writer:
            writer.data(0, memoryview(block))
            block[:] = b'more'
            writer.data(4, memoryview(block)[:2])
            writer.commit()
        self.assertEqual(b'datamo', self.content())

    def test_never_replaces_a_file(self):
        self.fill(b'older')
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
            self.refused(writer.commit)
        self.assertEqual(b'older', self.content())

    def test_abort(self):
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
            writer.abort()
        self.assertEqual([], self.paths())

    def test_continued(self):
        """As far as the store can, and as it says."""
        with self.store.write(FILE, 8) as writer:
            writer.data(0, b'data')
        left = b'data' if self.store.can.continuing else b''
        with self.store.write(FILE, 8) as writer:
            self.assertEqual(len(left), writer.kept)
            self.assertEqual(left, b''.join(writer.earlier()))
            writer.data(len(left), b'datamore'[len(left) :])
            self.assertEqual(left, b''.join(writer.earlier()))
            writer.commit()
        self.assertEqual(b'datamore', self.content())
        self.assertEqual([FILE], self.paths())

    def test_continued_behind_a_hole(self):
        """Zeros at the end of an earlier try may come again, or not."""
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
            writer.hole(4, 9000)
        whole = b'data' + bytes(9000) + b'more'
        with self.store.write(FILE, len(whole)) as writer:
            self.assertLessEqual(writer.kept, 9004)
            self.assertEqual(whole[: writer.kept], b''.join(writer.earlier()))
            writer.data(writer.kept, whole[writer.kept :])
            writer.commit()
        self.assertEqual(whole, self.content())

    def test_anew(self):
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
        with self.store.write(FILE, anew=True) as writer:
            self.assertEqual(0, writer.kept)
            self.assertEqual(b'', b''.join(writer.earlier()))
            writer.data(0, b'da')
            writer.commit()
        self.assertEqual(b'da', self.content())

    def test_what_is_left_is_listed(self):
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
        left = [FILE + base.PART] if self.store.can.continuing else []
        self.assertEqual(left, self.paths())

    def test_run_that_was_not_begun(self):
        """Its folder must not come into being somewhere else."""
        path = f'{RUN}-2/volumes/1.raw'
        self.refused(self.enter, self.store.write(path))
        self.refused(self.store.put, path, b'data')
        self.assertFalse(self.store.has(f'{RUN}-2'))

    @examples.examples(30)
    @hypothesis.given(RUNS, st.integers(50, 20_000), st.data())
    def test_any_content(self, runs, step, data):
        """It comes out as it went in, by data or by holes, at any offset."""
        self.any_content(runs, step, data)

    def any_content(self, runs, step, data):
        """Try one content; a slow store tries fewer of them."""
        self.renew()
        whole = b''.join(bytes([what]) * many for what, many in runs)
        with self.store.write(FILE, len(whole)) as writer:
            for offset in range(0, len(whole), step):
                block = whole[offset : offset + step]
                if block.strip(b'\0') or not data.draw(st.booleans()):
                    writer.data(offset, block)
                else:
                    writer.hole(offset, len(block))
            writer.commit()
        self.assertEqual(whole, self.content())
        offset = data.draw(st.integers(0, len(whole) + 5))
        self.assertEqual(whole[offset:], self.content(offset=offset))

    def test_threads(self):
        """Each writes files of its own."""

        def work(number):
            for each in range(5):
                self.fill(b'%d' % number * 5000, f'{RUN}/k{each}/{number}', 99)

        threads = [
            threading.Thread(target=work, args=(number,))
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(20, len(self.paths()))
        self.assertEqual(b'3' * 5000, self.content(f'{RUN}/k4/3'))

    # Reading

    def test_reads_as_much_as_was_asked_for(self):
        self.fill(os.urandom(3 * MIB))
        with self.store.read(FILE, MIB) as stream:
            sizes = [len(stream.read(size)) for size in (0, 7, MIB, 2 * MIB)]
        self.assertEqual([0, 7, MIB, MIB - 7], sizes)

    def test_read_into(self):
        data = os.urandom(2 * MIB + 5)
        self.fill(data)
        buffer = bytearray(MIB)
        with self.store.read(FILE, 10) as stream:
            self.assertEqual(7, stream.read_into(memoryview(buffer)[:7]))
            self.assertEqual(data[10:17], buffer[:7])
            counts = [stream.read_into(buffer) for _ in range(3)]
        self.assertEqual([MIB, MIB - 12, 0], counts)
        self.assertEqual(data[17 + MIB :], buffer[: MIB - 12])

    def passing(self, offset, most):
        """Read a file with its holes passed over."""
        found, buffer = [], bytearray(most)
        with self.store.read(FILE, offset) as stream:
            while True:
                if passed := stream.pass_hole(most):
                    self.assertLessEqual(passed, most)
                    found.append(bytes(passed))
                elif count := stream.read_into(buffer):
                    found.append(bytes(buffer[:count]))
                else:
                    return b''.join(found)

    def test_holes_are_passed(self):
        """However a store tells of them, the bytes are the same."""
        with self.store.write(FILE) as writer:
            writer.data(0, b'x' * 5000)
            writer.hole(5000, 2 * MIB)
            writer.data(5000 + 2 * MIB, b'data')
            writer.hole(5004 + 2 * MIB, MIB)
            writer.commit()
        whole = b'x' * 5000 + bytes(2 * MIB) + b'data' + bytes(MIB)
        for offset in (0, 1, 6000, 5001 + 2 * MIB, 6000 + 2 * MIB, 9 * MIB):
            for most in (MIB, 100_000):
                self.assertEqual(
                    whole[offset:], self.passing(offset, most), offset
                )

    def test_opened_for_another_program(self):
        self.fill(b'data')
        with self.store.opened(FILE) as file:
            if file is not None:
                self.assertEqual(b'data', os.pread(file, 99, 0))

    def test_reads_nothing_behind_the_end(self):
        self.fill(b'data')
        for offset in (4, 5, 1 << 40):
            self.assertEqual(b'', self.content(offset=offset))

    def test_missing(self):
        for path in (FILE, f'{RUN}/x', 'x/y', 'x'):
            self.refused(self.enter, self.store.read(path))
            self.assertIsNone(self.store.stat(path))
            self.store.delete(path)
        self.assertEqual((), self.store.list('x'))

    def test_read_whole(self):
        self.fill(b'x' * 2 * MIB)
        for limit in (0, 5, 2 * MIB, 3 * MIB):
            found = base.read_whole(self.store, FILE, limit)
            self.assertEqual(b'x' * min(limit, 2 * MIB), found)

    # Listing

    def test_list(self):
        self.store.begin('other')
        self.fill(b'data')
        self.store.put(f'{RUN}/manifest.json', b'{}')
        self.store.put('other/manifest.json', b'{} ')
        now = datetime.datetime.now(datetime.UTC)
        listed = self.store.list()
        self.assertEqual(
            [
                (f'{RUN}/manifest.json', 2),
                (FILE, 4),
                ('other/manifest.json', 3),
            ],
            [(entry.path, entry.size) for entry in listed],
        )
        for entry in listed:
            self.assertTrue(entry.plain)
            age = (now - entry.changed_at).total_seconds()
            self.assertLess(abs(age), 60)
            self.assertEqual(entry, self.store.stat(entry.path))
        self.assertEqual(listed[:2], self.store.list(RUN))
        self.assertEqual(listed[1:2], self.store.list(f'{RUN}/volumes'))
        self.assertEqual((), self.store.list(RUN[:-1]))

    def test_folders(self):
        self.fill(b'data')
        self.store.put(f'{RUN}/manifest.json', b'{}')
        self.store.put('readme', b'text')
        self.store.begin('other')
        self.store.put('other/manifest.json', b'{}')
        self.assertEqual((RUN, 'other'), self.store.folders())
        self.assertEqual(('volumes',), self.store.folders(RUN))
        for missing in ('x', RUN[:-1], f'{RUN}/x', f'{RUN}/volumes/x'):
            self.assertEqual((), self.store.folders(missing))

    # Small files

    def test_put(self):
        path = f'{RUN}/manifest.json'
        self.store.put(path, b'{}')
        self.assertEqual(b'{}', self.content(path))
        self.store.put(path, b'{"a": 1}')
        self.assertEqual(b'{"a": 1}', self.content(path))
        self.assertEqual([path], self.paths())

    def test_put_without_replacing(self):
        path = f'{RUN}/keys/1.key'
        for secrecy in base.Secrecy:
            self.store.delete(path)
            self.store.put(path, b'key', replace=False, secrecy=secrecy)
            said = self.refused(
                self.store.put, path, b'other', replace=False, secrecy=secrecy
            )
            self.assertIn('is there already', said)
            self.assertEqual(b'key', self.content(path))
        self.assertEqual([path], self.paths())

    # Deleting

    def test_delete(self):
        self.fill(b'data')
        self.store.delete(FILE)
        self.assertIsNone(self.store.stat(FILE))
        self.fill(b'more')
        self.assertEqual(b'more', self.content())

    def test_delete_takes_what_is_left_too(self):
        with self.store.write(FILE) as writer:
            writer.data(0, b'data')
        self.store.delete(FILE)
        self.assertEqual([], self.paths())

    # Folders of runs

    def test_begin_is_for_one_only(self):
        said = self.refused(self.store.begin, RUN)
        self.assertIn(RUN, said)
        self.assertTrue(self.store.has(RUN))
        self.assertFalse(self.store.has('other'))

    def test_rename(self):
        self.fill(b'data')
        if not self.store.can.renaming:
            self.refused(self.store.rename, RUN, 'new')
            self.assertEqual(b'data', self.content())
            return
        self.store.rename(RUN, 'new')
        self.assertEqual(['new/volumes/1.raw'], self.paths())
        self.assertEqual(b'data', self.content('new/volumes/1.raw'))
        self.assertFalse(self.store.has(RUN))

    def test_rename_into_a_folder_that_is_made(self):
        self.fill(b'data')
        if self.store.can.renaming:
            self.store.rename(RUN, f'.failed/{RUN}')
            self.assertEqual([f'.failed/{FILE}'], self.paths())

    def test_rename_over_something(self):
        self.store.begin('new')
        self.refused(self.store.rename, RUN, 'new')
        self.refused(self.store.rename, 'missing', 'newer')
        self.assertTrue(self.store.has(RUN))

    def test_tidy(self):
        self.fill(b'data')
        for path in (FILE, f'{RUN}/servers/2.raw'):
            with self.store.write(path) as writer:
                writer.data(0, b'half')
        self.store.tidy(RUN)
        self.store.tidy('missing')
        self.assertEqual([FILE], self.paths())
        self.assertEqual(b'data', self.content())

    def test_drop(self):
        self.fill(b'data')
        self.store.drop(RUN)
        self.assertEqual(b'data', self.content())
        self.store.delete(FILE)
        self.store.tidy(RUN)
        self.store.drop(RUN)
        self.store.drop(RUN)
        self.assertFalse(self.store.has(RUN))
        # No list of runs has it any more.
        self.assertEqual((), self.store.folders())

    # The place

    def test_free(self):
        self.store.require_writable()
        free = self.store.free()
        self.assertTrue(free is None or free > 0)

    def test_paths_that_are_none(self):
        for path in (
            '',
            '/',
            '/etc/passwd',
            '..',
            f'{RUN}/../x',
            f'{RUN}/',
            f'{RUN}//x',
            f'./{RUN}/x',
            f'{RUN}/\0',
        ):
            for function in (
                lambda path: self.enter(self.store.write(path)),
                lambda path: self.enter(self.store.read(path)),
                lambda path: self.store.put(path, b''),
                self.store.stat,
                self.store.delete,
                self.store.begin,
                self.store.has,
            ):
                self.assertRaises(errors.TargetError, function, path)
