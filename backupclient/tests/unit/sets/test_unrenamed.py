# SPDX-License-Identifier: Apache-2.0
"""Sets in stores that can neither rename nor continue, as object stores."""

import contextlib
import dataclasses
import datetime
import threading

import fixtures
import testtools

from backupclient.model import layout
from backupclient.model import manifests
from backupclient.sets import backup_set
from backupclient.sets import catalogue
from backupclient.sets import check
from backupclient.store import base
from backupclient.store import memory
from backupclient.store import within
from backupclient.tests.unit.sets import samples

NOTHING = dataclasses.replace(
    samples.EVERYTHING,
    state=manifests.State.INCOMPLETE,
    items=samples.EVERYTHING.items[-1:],
)
FAILED = f'{layout.FAILED}/{samples.RUN}'


class Killed(BaseException):
    """The process ends here."""


class Mortal(memory.Memory):
    """A store whose user is killed at one of its changes.

    :ivar left: the changes that are still let through.
    """

    left = 1 << 30

    def __init__(self):
        super().__init__(base.Abilities())

    def count(self):
        self.left -= 1
        if self.left < 0:
            raise Killed

    def put(self, path, data, **options):
        try:
            self.count()
        except Killed:
            if path not in self.files and layout.MANIFEST not in path:
                # As in SFTP: half of it is there, under its path.
                self.keep(path, data[: len(data) // 2])
            raise
        super().put(path, data, **options)

    def delete(self, path):
        self.count()
        super().delete(path)


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.store = Mortal()

    def state(self):
        (found,) = catalogue.runs(self.store)
        return found.state.value

    def paths(self):
        return {each.path for each in self.store.list()}

    def sound(self):
        files = within.Within(self.store, samples.RUN, layout.may_be_read)
        return check.check(files)


class TestSets(Case):
    def test_marker_first_and_manifest_last(self):
        order = []

        class Noting(Mortal):
            def put(self, path, data, **options):
                order.append(path.partition('/')[2])
                super().put(path, data, **options)

        self.store = Noting()
        made = samples.filled(self.store)
        self.assertEqual(layout.MARKER, order[0])
        self.assertEqual('unfinished', self.state())
        made.close(samples.EVERYTHING, samples.PAGE)
        self.assertEqual(layout.MANIFEST, order[-1])
        self.assertEqual('finished', self.state())
        self.assertNotIn(f'{samples.RUN}/{layout.MARKER}', self.paths())
        self.assertEqual((), self.sound())
        self.assertEqual(f'memory/{samples.RUN}', made.place)

    def test_nothing_complete(self):
        """Nobody takes it for the newest backup."""
        made = samples.filled(self.store, NOTHING)
        made.files.put('volumes/1.raw', b'half of a file')
        self.assertEqual(f'memory/{FAILED}', made.close(NOTHING, samples.PAGE))
        self.assertEqual('failed', self.state())
        self.assertEqual(
            {f'{FAILED}/{name}' for name in layout.DESCRIPTIONS}, self.paths()
        )
        again = backup_set.BackupSet.open(self.store, samples.RUN)
        self.assertEqual('unfinished', self.state())
        again.close(NOTHING, samples.PAGE)
        self.assertEqual('failed', self.state())

    def test_failed_one_that_gets_complete(self):
        samples.filled(self.store, NOTHING).close(NOTHING, samples.PAGE)
        again = backup_set.BackupSet.open(self.store, samples.RUN)
        for item in samples.EVERYTHING.items:
            for named in (item.file, item.key):
                if named:
                    again.files.put(named.path, samples.content(named.path))
        again.close(samples.EVERYTHING, samples.PAGE)
        self.assertEqual('finished', self.state())
        self.assertEqual((), self.sound())

    def test_what_failed_items_have_left(self):
        """No manifest names it: so it goes."""
        made = samples.filled(self.store)
        made.files.put('volumes/1.raw', b'half of a file')
        made.close(samples.EVERYTHING, samples.PAGE)
        self.assertNotIn(f'{samples.RUN}/volumes/1.raw', self.paths())
        self.assertEqual((), self.sound())

    def test_killed_at_each_change(self):
        """Finished or not, and never in between; then it comes to its end."""
        for manifest, end in (
            (samples.EVERYTHING, 'finished'),
            (NOTHING, 'failed'),
        ):
            for left in range(100):
                self.store = Mortal()
                self.store.left = left
                with contextlib.suppress(Killed):
                    samples.filled(self.store, manifest).close(
                        manifest, samples.PAGE
                    )
                    break
                self.store.left = 1 << 30
                self.not_in_between()
                if not self.store.has(samples.RUN):
                    # Killed before its marker: there is no run either.
                    continue
                made = backup_set.BackupSet.open(self.store, samples.RUN)
                self.assertEqual('unfinished', self.state())
                for item in manifest.items:
                    for named in (item.file, item.key):
                        if named:
                            content = samples.content(named.path)
                            made.files.put(named.path, content)
                made.close(manifest, samples.PAGE)
                self.assertEqual(end, self.state())
            self.assertGreater(left, 4)

    def test_killed_while_it_is_opened_again(self):
        for manifest in (samples.EVERYTHING, NOTHING):
            for left in range(100):
                self.store = Mortal()
                samples.filled(self.store, manifest).close(
                    manifest, samples.PAGE
                )
                self.store.left = left
                with contextlib.suppress(Killed):
                    backup_set.BackupSet.open(self.store, samples.RUN)
                    break
                self.store.left = 1 << 30
                self.not_in_between()
                made = backup_set.BackupSet.open(self.store, samples.RUN)
                made.close(manifest, samples.PAGE)
            self.assertGreater(left, 0)

    def not_in_between(self):
        """A set that looks whole is whole."""
        for found in catalogue.runs(self.store):
            if found.state is catalogue.State.FINISHED:
                self.assertEqual((), self.sound())


class TestLife(Case):
    """Without a lease and a journal, the files tell."""

    def test_abandoned(self):
        samples.filled(self.store)
        (found,) = catalogue.runs(self.store)
        now = datetime.datetime.now(datetime.UTC)
        last = catalogue.last_written(self.store, found)
        self.assertLess(abs((now - last).total_seconds()), 60)
        for hours, dead in ((0, False), (23, False), (25, True)):
            then = now + datetime.timedelta(hours=hours)
            self.assertIs(
                dead, catalogue.is_abandoned(self.store, found, then)
            )

    def test_finished_one_is_not_abandoned(self):
        samples.filled(self.store).close(samples.EVERYTHING, samples.PAGE)
        (found,) = catalogue.runs(self.store)
        then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(9)
        self.assertFalse(catalogue.is_abandoned(self.store, found, then))

    def test_run_that_writes_one_file_for_days(self):
        """Its marker is written again, and no more when it has ended."""
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.sets.backup_set._MARKED_EVERY', 0.01
            )
        )
        made = backup_set.BackupSet.create(self.store, samples.RUN)
        (found,) = catalogue.runs(self.store)
        before = catalogue.last_written(self.store, found)
        with made.kept_alive():
            ended = threading.Event()
            while catalogue.last_written(self.store, found) == before:
                ended.wait(0.01)
        after = catalogue.last_written(self.store, found)
        ended.wait(0.05)
        self.assertEqual(after, catalogue.last_written(self.store, found))
