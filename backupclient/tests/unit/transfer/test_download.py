# SPDX-License-Identifier: Apache-2.0

import contextlib
import hashlib
import os
import pathlib
import threading

import fixtures
import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient import errors
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.tests.unit.transfer import fakes
from backupclient.transfer import comparison
from backupclient.transfer import download

MIB = 1 << 20
DATA = b'head' * 3000 + bytes(MIB) + b'body' * 300_000 + bytes(50_000)
BLOCKS = 2 * MIB // base.BLOCK
BREAK = fakes.Answer(length=700_000)


def fetch(final, source, expected, clock=None, progress=fakes.ignore):
    return download.download(
        source,
        localfolder.Folder(final.parent),
        final.name,
        expected,
        clock=clock or fakes.Clock(),
        progress=progress,
    )


class DownloadTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.final = self.folder / 'a.raw'
        self.part = self.folder / 'a.raw.part'
        self.threads = threading.active_count()

    def _fetch(self, source, expected=None, clock=None, **more):
        try:
            return fetch(
                self.final,
                source,
                fakes.expected(DATA) if expected is None else expected,
                clock,
                **more,
            )
        finally:
            self.assertEqual(0, source.open_now)
            self.assertEqual(self.threads, threading.active_count())

    def _fails(self, error, source, expected=None, clock=None):
        failure = self.assertRaises(
            error, self._fetch, source, expected, clock
        )
        self.assertFalse(self.final.exists())
        return str(failure)

    def _is_right(self):
        self.assertEqual(['a.raw'], os.listdir(self.folder))
        self.assertEqual(DATA, self.final.read_bytes())

    def _interrupt(self):
        """Leave what a killed process leaves: the first 2 MiB."""
        with contextlib.suppress(errors.Interrupted):
            self._fetch(fakes.Source(DATA), clock=fakes.Clock(BLOCKS))


class TestDownload(DownloadTestCase):
    def test_one_answer(self):
        source = fakes.Source(DATA)
        proved = self._fetch(source)
        self._is_right()
        self.assertEqual([0], source.asked)
        self.assertEqual(
            comparison.Proved(
                len(DATA),
                {'sha512': hashlib.sha512(DATA).hexdigest()},
                'sha512',
            ),
            proved,
        )

    def test_holes(self):
        self._fetch(fakes.Source(DATA))
        self.assertLess(
            self.final.stat().st_blocks * 512, len(DATA) - 0.9 * MIB
        )

    def test_tells_progress(self):
        heard = []
        self._fetch(
            fakes.Source(DATA), progress=lambda *now: heard.append(now)
        )
        self.assertEqual(sorted(heard), heard)
        self.assertEqual((len(DATA), len(DATA)), heard[-1])

    def test_nothing_to_fetch(self):
        source = fakes.Source(b'')
        proved = self._fetch(source, fakes.expected(b''))
        self.assertEqual(0, proved.size)
        self.assertEqual(b'', self.final.read_bytes())

    def test_nothing_is_known(self):
        proved = self._fetch(fakes.Source(DATA), comparison.Expected())
        self._is_right()
        self.assertEqual((len(DATA), ''), (proved.size, proved.verified))


class TestBrokenStream(DownloadTestCase):
    def test_continued_by_a_range(self):
        source = fakes.Source(DATA, BREAK, BREAK, fakes.Answer())
        self._fetch(source)
        self._is_right()
        self.assertEqual([0, 700_000, 1_400_000], source.asked)

    def test_range_is_ignored(self):
        source = fakes.Source(DATA, BREAK, fakes.Answer(ranges=False))
        self._fetch(source)
        self._is_right()
        self.assertEqual([0, 700_000], source.asked)

    def test_range_is_refused(self):
        for status in (400, 416, 500):
            source = fakes.Source(
                DATA,
                BREAK,
                fakes.Answer(status, to_ranges=True),
                BREAK,
                fakes.Answer(),
            )
            self._fetch(source)
            self._is_right()
            self.assertEqual([0, 700_000, 0, 0], source.asked)
            self.final.unlink()

    def test_another_range_comes(self):
        source = fakes.Source(
            DATA, BREAK, fakes.Answer(shift=1), fakes.Answer()
        )
        self._fetch(source, comparison.Expected(len(DATA)))
        self._is_right()
        self.assertEqual([0, 700_000, 0], source.asked)

    def test_ends_early_without_a_word(self):
        source = fakes.Source(
            DATA, fakes.Answer(length=9, silent=True), fakes.Answer()
        )
        self._fetch(source)
        self._is_right()
        self.assertEqual([0, 9], source.asked)

    def test_service_is_away_for_a_while(self):
        clock = fakes.Clock()
        source = fakes.Source(
            DATA,
            fakes.Answer(503),
            BREAK,
            fakes.Answer(502),
            fakes.Answer(429),
            fakes.Answer(),
        )
        self._fetch(source, clock=clock)
        self._is_right()
        # Bytes in between, so the pauses begin anew.
        self.assertEqual(0.5 + 0.5 + 0.65 + 0.845, clock.slept)

    def test_gives_up(self):
        clock = fakes.Clock()
        source = fakes.Source(DATA, BREAK, fakes.Answer(503))
        text = self._fails(errors.TransferError, source, clock=clock)
        self.assertIn('a.raw stopped at byte 700,000', text)
        self.assertIn('refused', text)
        self.assertIn('for 5 minutes', text)
        self.assertTrue(300 <= clock.slept < 310, clock.slept)
        self.assertLess(len(source.asked), 50)
        self.assertTrue(self.part.exists())

    def test_goes_on_as_long_as_bytes_come(self):
        source = fakes.Source(DATA, fakes.Answer(length=90_000))
        self._fetch(source)
        self._is_right()
        self.assertGreater(len(source.asked), 20)

    def test_refused_for_good(self):
        for status in (400, 401, 403, 404, 410):
            source = fakes.Source(DATA, fakes.Answer(status))
            self._fails(errors.CloudError, source)
            self.assertEqual([0], source.asked)

    def test_refused_for_good_later(self):
        source = fakes.Source(DATA, BREAK, fakes.Answer(404))
        self._fails(errors.CloudError, source)
        self.assertEqual([0, 700_000], source.asked)

    def test_broken_while_the_size_is_not_known(self):
        source = fakes.Source(DATA, BREAK, fakes.Answer())
        self._fetch(
            source, comparison.Expected(md5=hashlib.md5(DATA).hexdigest())
        )
        self._is_right()


class TestWrongContent(DownloadTestCase):
    def test_hash(self):
        wrong = fakes.expected(DATA[:-1] + b'x')
        text = self._fails(errors.TransferError, fakes.Source(DATA), wrong)
        self.assertIn('a.raw was thrown away: the sha512 of', text)
        self.assertEqual([], os.listdir(self.folder))

    def test_too_short_for_ever(self):
        source = fakes.Source(DATA)
        self._fails(
            errors.TransferError, source, comparison.Expected(len(DATA) + 1)
        )
        self.assertGreater(len(source.asked), 30)

    def test_too_long(self):
        text = self._fails(
            errors.TransferError,
            fakes.Source(DATA),
            comparison.Expected(len(DATA) - 1),
        )
        self.assertIn('more than the expected', text)
        self.assertEqual([], os.listdir(self.folder))

    def test_too_long_when_all_was_read(self):
        self._fails(
            errors.TransferError,
            fakes.Source(b'ab', read=1),
            comparison.Expected(1),
        )


class TestTarget(DownloadTestCase):
    def test_present_and_right(self):
        self.final.write_bytes(DATA)
        source = fakes.Source(DATA)
        proved = self._fetch(source)
        self.assertEqual(([], 'sha512'), (source.asked, proved.verified))
        self._is_right()

    def test_present_and_other(self):
        for other in (b'other', DATA[:-1] + b'x', DATA + b'x'):
            self.final.write_bytes(other)
            error = self.assertRaises(
                errors.TargetError, self._fetch, fakes.Source(DATA)
            )
            self.assertIn(f'{self.final} is there already', str(error))
            self.assertEqual(other, self.final.read_bytes())

    def test_present_as_a_link(self):
        (self.folder / 'other').write_bytes(DATA)
        self.final.symlink_to('other')
        self.assertRaises(errors.TargetError, self._fetch, fakes.Source(DATA))

    def test_file_system_is_full(self):
        def full(*arguments):
            raise OSError(28, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.pwrite', full))
        self._fails(errors.TargetError, fakes.Source(DATA))

    def test_put_there_meanwhile(self):
        def put(*now):
            self.final.write_bytes(b'other')

        self.assertRaises(
            errors.TargetError,
            self._fetch,
            fakes.Source(DATA),
            progress=put,
        )
        self.assertEqual(b'other', self.final.read_bytes())

    def test_present_and_interrupted(self):
        self.final.write_bytes(DATA)
        self.assertRaises(
            errors.Interrupted,
            self._fetch,
            fakes.Source(DATA),
            clock=fakes.Clock(1),
        )
        self._is_right()


class TestLaterProcess(DownloadTestCase):
    def test_part_stays_when_interrupted(self):
        self._fails(
            errors.Interrupted, fakes.Source(DATA), clock=fakes.Clock(BLOCKS)
        )
        self.assertEqual(DATA[: 2 * MIB], self.part.read_bytes())

    def test_continues(self):
        self._interrupt()
        source = fakes.Source(DATA)
        self._fetch(source)
        self._is_right()
        self.assertEqual([2 * MIB], source.asked)

    def test_continues_without_ranges(self):
        self._interrupt()
        source = fakes.Source(DATA, fakes.Answer(400, to_ranges=True))
        self._fetch(source)
        self._is_right()
        self.assertEqual([2 * MIB, 0], source.asked)

    def test_interrupted_while_reading_again_what_is_there(self):
        self._interrupt()
        source = fakes.Source(DATA, fakes.Answer(ranges=False))
        self._fails(errors.Interrupted, source, clock=fakes.Clock(BLOCKS + 1))
        self.assertEqual([2 * MIB], source.asked)
        self.assertEqual(2 * MIB, self.part.stat().st_size)

    def test_all_was_there_but_the_name(self):
        self.part.write_bytes(DATA)
        source = fakes.Source(DATA)
        self._fetch(source)
        self._is_right()
        self.assertEqual([], source.asked)

    def test_power_cut_left_zeros(self):
        self.part.write_bytes(DATA[:5000])
        os.truncate(self.part, 2 * MIB)
        source = fakes.Source(DATA)
        self._fetch(source)
        self._is_right()
        self.assertEqual([2 * MIB, 0], source.asked)

    def test_part_of_something_else(self):
        self.part.write_bytes(b'else' * MIB)
        source = fakes.Source(DATA)
        self._fetch(source)
        self._is_right()
        self.assertEqual([0], source.asked)

    def test_wrong_for_the_second_time(self):
        self._interrupt()
        source = fakes.Source(DATA)
        self._fails(
            errors.TransferError, source, fakes.expected(DATA[:-1] + b'x')
        )
        self.assertEqual([2 * MIB, 0], source.asked)
        self.assertEqual([], os.listdir(self.folder))

    def test_not_trusted_without_a_hash(self):
        self.part.write_bytes(b'else')
        source = fakes.Source(DATA)
        self._fetch(source, comparison.Expected(len(DATA)))
        self._is_right()
        self.assertEqual([0], source.asked)

    def test_interrupted_while_reading_the_part(self):
        self._interrupt()
        self._fails(
            errors.Interrupted, fakes.Source(DATA), clock=fakes.Clock(1)
        )
        self.assertEqual(2 * MIB, self.part.stat().st_size)


class TestOtherStores(testtools.TestCase):
    """Stores that can neither continue nor make holes, as object stores."""

    def setUp(self):
        super().setUp()
        self.store = memory.Memory(base.Abilities())
        self.store.begin('run')

    def _fetch(self, source, expected=None, clock=None):
        return download.download(
            source,
            self.store,
            'run/a.raw',
            expected or fakes.expected(DATA),
            clock=clock or fakes.Clock(),
            progress=fakes.ignore,
        )

    def test_all_is_there(self):
        for source in (
            fakes.Source(DATA),
            fakes.Source(DATA, BREAK, BREAK, fakes.Answer()),
            fakes.Source(DATA, BREAK, fakes.Answer(ranges=False)),
        ):
            self.assertEqual(len(DATA), self._fetch(source).size)
            self.assertEqual({'run/a.raw': DATA}, self.store.files)
            self.store.delete('run/a.raw')

    def test_begins_anew_when_interrupted(self):
        self.assertRaises(
            errors.Interrupted,
            self._fetch,
            fakes.Source(DATA),
            clock=fakes.Clock(BLOCKS),
        )
        self.assertEqual({}, self.store.files)
        source = fakes.Source(DATA)
        self._fetch(source)
        self.assertEqual([0], source.asked)

    def test_wrong_content(self):
        wrong = fakes.expected(DATA[:-1] + b'x')
        source = fakes.Source(DATA)
        self.assertRaises(errors.TransferError, self._fetch, source, wrong)
        self.assertEqual({}, self.store.files)
        # Nothing was continued, so nothing else could help.
        self.assertEqual([0], source.asked)

    def test_present(self):
        self.store.put('run/a.raw', DATA)
        source = fakes.Source(DATA)
        self._fetch(source)
        self.assertEqual([], source.asked)

    def test_present_after_a_kill(self):
        """Where nothing can be continued, half of a file begins anew."""
        self.store = memory.Memory(base.Abilities())
        self.store.begin('run')
        for left in (DATA[:MIB], b'', DATA[:-1] + b'x'):
            self.store.put('run/a.raw', left)
            source = fakes.Source(DATA)
            self._fetch(source)
            self.assertEqual([0], source.asked)
            self.assertEqual({'run/a.raw': DATA}, self.store.files)
        source = fakes.Source(DATA)
        self._fetch(source)
        self.assertEqual([], source.asked)

    def test_no_room(self):
        self.store = memory.Memory(room=MIB)
        self.store.begin('run')
        self.assertRaises(errors.TargetError, self._fetch, fakes.Source(DATA))
        self.assertNotIn('run/a.raw', self.store.files)


ANSWERS = st.lists(
    st.builds(
        fakes.Answer,
        status=st.sampled_from([0, 0, 0, 400, 416, 500, 503]),
        to_ranges=st.just(True),
        ranges=st.booleans(),
        shift=st.sampled_from([0, 0, 1]),
        length=st.none() | st.integers(0, 30_000),
        silent=st.booleans(),
    ),
    max_size=6,
)
CONTENT = st.lists(
    st.tuples(st.sampled_from(b'\0\0ab'), st.integers(1, 9000)), max_size=6
).map(lambda runs: b''.join(bytes([what]) * many for what, many in runs))


class TestAnyStream(testtools.TestCase):
    """Whatever the service does: the right bytes, or none."""

    def setUp(self):
        super().setUp()
        self.threads = threading.active_count()

    @hypothesis.settings(deadline=None)
    @hypothesis.given(
        CONTENT, ANSWERS, st.integers(50, 20_000), st.integers(0, 40_000)
    )
    def test_ends_in_the_right_bytes(self, data, answers, read, there):
        source = fakes.Source(data, *answers, fakes.Answer(), read=read)
        with fixtures.TempDir() as folder:
            final = pathlib.Path(folder.path) / 'a'
            (final.parent / 'a.part').write_bytes(data[:there])
            fetch(final, source, fakes.expected(data))
            self.assertEqual(data, final.read_bytes())
            self.assertEqual(['a'], os.listdir(folder.path))

    @hypothesis.settings(deadline=None)
    @hypothesis.given(CONTENT, ANSWERS, CONTENT, st.integers(50, 20_000))
    def test_never_ends_in_wrong_bytes(self, data, answers, there, read):
        source = fakes.Source(data + b'!', *answers, read=read)
        with fixtures.TempDir() as folder:
            final = pathlib.Path(folder.path) / 'a'
            (final.parent / 'a.part').write_bytes(there)
            try:
                fetch(final, source, fakes.expected(data + b'?'))
            except errors.TransferError:
                self.assertFalse(final.exists())
            else:
                self.assertEqual(data + b'?', final.read_bytes())
            self.assertEqual(self.threads, threading.active_count())
