# SPDX-License-Identifier: Apache-2.0
"""The cache: right, whatever is done to the sets or to it."""

import dataclasses
import os
import pathlib
import shutil
import sqlite3
import stat
import time

import fixtures
import testtools
from testtools import matchers

from backupclient import documents
from backupclient.model import layout
from backupclient.model import results
from backupclient.model import verification
from backupclient.sets import catalogue
from backupclient.sets import verified
from backupclient.sets.index import database
from backupclient.sets.index import indexes
from backupclient.sets.index import reading
from backupclient.sets.index import using
from backupclient.store import localfolder
from backupclient.store import memory
from backupclient.store import tree
from backupclient.tests.unit.sets import samples

OLD = '20260101T000000Z-aaaa'
KEY = ('volume', samples.DATA.id)


def made(run, **changes):
    return dataclasses.replace(samples.EVERYTHING, run=run, **changes)


class TestCase(testtools.TestCase):
    """A folder with two sets that were written a while ago."""

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_CACHE_HOME', str(self.root / 'cache')
            )
        )
        # So that the tests need not wait for the clock.
        self.useFixture(fixtures.MonkeyPatch(f'{tree.__name__}._SETTLED', 0))
        self.cache = self.root / 'cache/openstack-backup/history.sqlite'
        self.target = self.root / 'target'
        self.target.mkdir()
        self.store = localfolder.Folder(self.target)
        for run in (samples.RUN, OLD):
            samples.filled(self.store, made(run)).close(
                made(run), samples.PAGE
            )
        self.reads = []
        read = localfolder.Folder.read
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfolder.Folder.read',
                lambda store, path, offset=0: (
                    self.reads.append(path),
                    read(store, path, offset),
                )[1],
            )
        )

    def read(self, store=None):
        """Read the place, and give the names of all volumes by run."""
        self.reads.clear()

        def work(index):
            return {
                one.found.run: [
                    entry.resource.name
                    for entry in index.entries(one.header.number)
                ]
                if one.header
                else one.problem
                for one in reading.read(index, store or self.store)
            }

        return using.do(work)

    def standings(self):
        def work(index):
            (one, _) = reading.read(index, self.store)
            return [
                (at, list(index.findings(number, [KEY])))
                for at, number in one.verifications
            ]

        return using.do(work)


class SetsTestCase(TestCase):
    """What is done to the sets is seen."""

    def test_each_is_read_once(self):
        first = self.read()
        self.assertEqual([samples.RUN, OLD], list(first))
        self.assertEqual(
            [f'{samples.RUN}/manifest.json', f'{OLD}/manifest.json'],
            self.reads,
        )
        self.assertEqual(first, self.read())
        self.assertEqual([], self.reads)

    def test_entries_are_as_in_the_manifest(self):
        def work(index):
            (one, _) = reading.read(index, self.store)
            return (
                one.header,
                tuple(index.entries(one.header.number)),
                tuple(index.entries(one.header.number, [KEY])),
            )

        header, entries, some = using.do(work)
        self.assertEqual(
            [entry.resource for entry in samples.EVERYTHING.items],
            [entry.resource for entry in entries],
        )
        for mine, theirs in zip(
            samples.EVERYTHING.items, entries, strict=True
        ):
            for name in (
                *('procedure', 'state', 'reason', 'covered_by', 'group'),
                *('captured_at', 'size', 'notes'),
            ):
                self.assertEqual(getattr(mine, name), getattr(theirs, name))
            if mine.server:
                self.assertEqual(
                    mine.server.volume_ids, theirs.server.volume_ids
                )
        self.assertEqual([KEY[1]], [entry.resource.id for entry in some])
        self.assertEqual(
            [
                sum(e.state is state for e in entries)
                for state in results.State
            ],
            [header.complete, header.failed, header.skipped],
        )

    def test_entries_of_a_resource(self):
        """Its own are looked up: the others of the manifest are not read."""
        asked = []

        def work(index):
            (one, _) = reading.read(index, self.store)
            index._sql.set_trace_callback(asked.append)
            found = list(index.entries(one.header.number, [KEY]))
            index._sql.set_trace_callback(None)
            (query,) = asked
            return found, [
                row[3]
                for row in index._sql.execute(f'EXPLAIN QUERY PLAN {query}')
            ]

        found, steps = using.do(work)
        self.assertEqual([KEY[1]], [entry.resource.id for entry in found])
        self.assertThat(
            [step for step in steps if ' entry ' in step],
            matchers.MatchesListwise(
                [matchers.Contains('(resource=? AND manifest=?)')]
            ),
        )

    def test_edited(self):
        """As long as before, and with the same times: it is seen."""
        self.read()
        file = self.target / samples.RUN / 'manifest.json'
        before = file.stat()
        text = file.read_bytes()
        self.assertIn(b'"archive"', text)
        with open(file, 'r+b') as opened:
            opened.write(text.replace(b'"archive"', b'"ARCHIVE"'))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = file.stat()
        self.assertEqual(
            (before.st_size, before.st_mtime_ns, before.st_ino),
            (after.st_size, after.st_mtime_ns, after.st_ino),
        )
        found = self.read()
        self.assertIn('ARCHIVE', found[samples.RUN])
        self.assertNotIn('ARCHIVE', found[OLD])

    def test_just_written(self):
        """Its time may not tell a second change: it is read again."""
        self.useFixture(
            fixtures.MonkeyPatch(f'{tree.__name__}._SETTLED', 1 << 40)
        )
        for _ in range(2):
            self.read()
            self.assertEqual(2, len(self.reads))

    def test_from_the_future(self):
        now = time.time_ns()
        self.useFixture(
            fixtures.MonkeyPatch('time.time_ns', lambda: now - 10**12)
        )
        self.assertEqual(
            '', self.store.fingerprint(f'{OLD}/{layout.MANIFEST}')
        )

    def test_moved_and_damaged(self):
        self.read()
        shutil.copy(
            self.target / OLD / 'manifest.json',
            self.target / samples.RUN / 'manifest.json',
        )
        self.assertIn('wrong set', self.read()[samples.RUN])
        (self.target / samples.RUN / 'manifest.json').write_text('{')
        self.assertIn('is not valid', self.read()[samples.RUN])
        # One that cannot be used is never taken for known.
        self.assertIn('is not valid', self.read()[samples.RUN])

    def test_store_without_fingerprints(self):
        """The bytes are read and hashed each time."""
        store = memory.Memory()
        samples.filled(store, made(OLD)).close(made(OLD), samples.PAGE)
        path = f'{OLD}/{layout.MANIFEST}'
        self.assertIn('archive', self.read(store)[OLD])
        other = documents.encode(made(OLD)).replace(b'"archive"', b'"ARCHIVE"')
        store.files[path] = other
        self.assertIn('ARCHIVE', self.read(store)[OLD])

    def test_gone(self):
        self.read()
        shutil.rmtree(self.target / OLD)
        self.assertEqual([samples.RUN], list(self.read()))
        with sqlite3.connect(self.cache) as connection:
            for table, count in (('manifest', 1), ('seen', 1)):
                self.assertEqual(
                    [(count,)],
                    connection.execute(
                        f'SELECT count(*) FROM {table}'
                    ).fetchall(),
                )
            self.assertEqual(
                [(len(samples.EVERYTHING.items),)],
                connection.execute('SELECT count(*) FROM entry').fetchall(),
            )

    def test_verifications(self):
        self.assertEqual([], self.standings())
        (found, _) = catalogue.runs(self.store)
        now = samples.FINISHED
        row = verification.Row(
            found.run,
            *KEY[:1],
            'n',
            KEY[1],
            verification.Depth.DATA,
            verification.Result.GOOD,
        )
        verified.keep(self.store, found, verification.Depth.DATA, [row], now)
        for _ in range(2):
            self.reads.clear()
            ((at, ((key, kept),)),) = self.standings()
            self.assertEqual(now.isoformat(timespec='seconds'), at)
            self.assertEqual(KEY, key)
            self.assertEqual(('data', 'good'), (kept.depth, kept.result))
        self.assertEqual([], self.reads)

    def test_damaged_verification_says_nothing(self):
        (found, _) = catalogue.runs(self.store)
        self.store.put(f'{found.folder}/verified/20260201T000000Z.json', b'{}')
        self.assertEqual([], self.standings())

    def test_no_patience(self):
        def work(index):
            return [
                one.problem for one in reading.read(index, self.store, -1.0)
            ]

        self.assertEqual(
            ['There was no time left to read it.'] * 2, using.do(work)
        )


class FileTestCase(TestCase):
    """What is done to the cache itself does no harm."""

    def setUp(self):
        super().setUp()
        self.right = self.read()

    def test_own(self):
        self.assertEqual(0o600, stat.S_IMODE(self.cache.stat().st_mode))
        self.assertEqual(0o700, stat.S_IMODE(self.cache.parent.stat().st_mode))
        self.assertEqual(
            ['history.sqlite'], [p.name for p in self.cache.parent.iterdir()]
        )

    def test_deleted(self):
        shutil.rmtree(self.cache.parent)
        self.assertEqual(self.right, self.read())
        self.assertEqual(2, len(self.reads))

    def test_damaged(self):
        data = self.cache.read_bytes()
        for damaged in (
            b'',
            b'no database',
            data[: len(data) // 2],
            data[:100] + bytes(len(data) - 100),
            data[:4096] + b'\xff' * (len(data) - 4096),
        ):
            self.cache.write_bytes(damaged)
            for _ in range(3):
                self.assertEqual(self.right, self.read())
            self.assertEqual([], self.reads)

    def test_of_another_program(self):
        self.cache.unlink()
        with sqlite3.connect(self.cache) as connection:
            connection.execute('CREATE TABLE seen (x)')
        self.assertEqual(self.right, self.read())

    def test_of_another_release(self):
        with sqlite3.connect(self.cache) as connection:
            connection.execute('PRAGMA user_version = 99')
        self.assertEqual(self.right, self.read())
        self.assertEqual(2, len(self.reads))

    def test_nonsense_in_it(self):
        for change in (
            "UPDATE detail SET body = '{}'",
            "UPDATE detail SET body = 'x'",
            "UPDATE resource SET kind = 'planet'",
            "UPDATE manifest SET state = 'x'",
        ):
            with sqlite3.connect(self.cache) as connection:
                connection.execute(change)
            self.assertEqual(self.right, self.read(), change)
            self.read()

    def test_others_can_read_it(self):
        """It was made by somebody else, or with other rights: not used."""
        self.cache.chmod(0o644)
        self.assertEqual(self.right, self.read())
        self.assertEqual(0o600, stat.S_IMODE(self.cache.stat().st_mode))

    def test_link(self):
        other = self.root / 'other'
        other.write_bytes(b'precious')
        self.cache.unlink()
        self.cache.symlink_to(other)
        self.assertEqual(self.right, self.read())
        self.assertEqual(b'precious', other.read_bytes())
        self.assertFalse(self.cache.is_symlink())

    def test_folder_that_cannot_be_made(self):
        shutil.rmtree(self.cache.parent)
        self.cache.parent.write_bytes(b'')
        self.assertEqual(self.right, self.read())
        self.assertEqual(self.right, self.read())
        self.assertEqual(2, len(self.reads))

    def test_busy(self):
        """Another process is waited for, for a while, and left alone."""
        self.useFixture(
            fixtures.MonkeyPatch(f'{database.__name__}._PATIENCE', 0.01)
        )
        with sqlite3.connect(self.cache) as connection:
            connection.execute('BEGIN EXCLUSIVE')
            self.assertEqual(self.right, self.read())
            connection.rollback()
        self.assertEqual(self.right, self.read())
        self.assertEqual([], self.reads)

    def test_names_of_a_resource(self):
        def work(index):
            return index.named('volume', samples.ARCHIVE.name), index.named(
                'volume', samples.ARCHIVE.id
            )

        key = ('volume', samples.ARCHIVE.id)
        self.assertEqual(([key], [key]), using.do(work))
        self.assertIsInstance(using.do(lambda index: index), indexes.Index)
