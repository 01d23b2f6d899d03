# SPDX-License-Identifier: Apache-2.0

import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import stat
import threading

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import journal_base
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.procedures import interim
from backupclient.tests.unit import items

HERE = inventories.CloudIdentity('https://cloud', 'one', 'p', 'web', 'alice')
VOLUME = resources.Volume('v', 'data', 'available', 1)
FLOW = 'volume/v/capture#1'
NOW = '2026-01-02T03:04:05+00:00'
ITEM = items.item(
    VOLUME.resource, plans.Procedure.VOLUME_IMAGE, 'why', volume=VOLUME
)


class JournalTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self._state(self.root / 'state')

    def _state(self, path):
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(path))
        )

    def _create(self, letters='abcd', identity=HERE, day=2, item=ITEM):
        planned = plans.Plan(identity, requests.Request(), (item,))
        run = journals.Run(
            f'202601{day:02}T030405Z-{letters}', planned, NOW, 4, 60.0
        )
        return journals.Journal.create(run)

    def _end(self, made):
        made.end(journals.Ended(results.State.COMPLETE, NOW))

    def _refused(self, name, *words, identity=HERE):
        failure = self.assertRaises(
            errors.UsageError, unfinished.find, name, identity
        )
        for word in words:
            self.assertIn(word, str(failure))

    def test_for_its_owner_only(self):
        made = self._create()
        for path in (journals.home(), made.folder, *made.folder.iterdir()):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(0o700 if path.is_dir() else 0o600, mode, path)

    def test_home(self):
        self._state('')
        self.useFixture(fixtures.EnvironmentVariable('HOME', '/home/alice'))
        self.assertEqual(
            pathlib.Path('/home/alice/.local/state/openstack-backup'),
            journals.home(),
        )

    def test_no_place(self):
        (self.root / 'file').touch()
        self._state(self.root / 'file')
        failure = self.assertRaises(errors.TargetError, self._create)
        self.assertIn('XDG_STATE_HOME', str(failure))

    def test_round_trip(self):
        made = self._create()
        run = unfinished.find(made.folder.name, HERE).run()
        self.assertEqual((ITEM,), run.plan.items)
        one = results.Outcome(
            VOLUME.resource, ITEM.procedure, results.State.COMPLETE
        )
        made.record(0, one)
        self.assertEqual({0: one}, made.outcomes())
        other = journals.of(made.folder.name)
        self.assertEqual({0: one}, other.outcomes())
        self.assertEqual({}, other.replaced())

    def test_replaced(self):
        instead = dataclasses.replace(ITEM, reason='instead')
        made = self._create(
            item=items.changed(
                ITEM,
                procedure=plans.Procedure.VOLUME_BACKUP,
                fallback=instead,
            )
        )
        made.replace(0, instead)
        self.assertEqual({0: instead}, made.replaced())
        self.assertEqual(
            {0: instead}, journals.of(made.folder.name).replaced()
        )
        # One that nothing replaces.
        made = self._create('efgh')
        made.replace(0, instead)
        failure = self.assertRaises(
            errors.DocumentError, journals.of(made.folder.name).replaced
        )
        self.assertIn('item 0 is volume "data" (v)', str(failure))

    def test_progress(self):
        made = self._create()
        self.assertIsNone(made.progress(FLOW))
        done = journal_base.Done('upload-volume', interim.Backup(image_id='i'))
        progress = journal_base.Progress(FLOW, (done,))
        made.keep(progress)
        other = journals.of(made.folder.name)
        self.assertEqual(progress, other.progress(FLOW))
        self.assertEqual(
            ['volume.v.capture.1.json'], os.listdir(made.folder / 'flows')
        )
        other.forget(FLOW)
        self.assertIsNone(other.progress(FLOW))
        self.assertIsNone(journals.of(made.folder.name).progress(FLOW))

    def test_progress_of_another_flow(self):
        made = self._create()
        made.keep(journal_base.Progress('volume/w/capture#1'))
        folder = made.folder / 'flows'
        (folder / 'volume.w.capture.1.json').rename(
            folder / 'volume.v.capture.1.json'
        )
        other = journals.of(made.folder.name)
        failure = self.assertRaises(errors.DocumentError, other.progress, FLOW)
        self.assertIn('volume/w/capture#1', str(failure))

    def test_read_once(self):
        """Whatever is on the disk later, a process goes on with its own."""
        made = self._create()
        made.run(), made.outcomes(), made.replaced(), made.progress(FLOW)
        shutil.rmtree(made.folder)
        self.assertEqual((ITEM,), made.run().plan.items)
        self.assertEqual({}, made.outcomes())
        self.assertEqual({}, made.replaced())
        self.assertIsNone(made.progress(FLOW))

    def test_what_cannot_be_written_is_remembered(self):
        made = self._create()
        made.run()
        shutil.rmtree(made.folder)
        progress = journal_base.Progress(FLOW)
        self.assertRaises(errors.JournalError, made.keep, progress)
        self.assertEqual(progress, made.progress(FLOW))

    def test_older_and_newer_versions(self):
        """Version 1 is read; and this release's is not for the first one."""
        made = self._create()
        path = made.folder / 'run.json'
        loaded = json.loads(path.read_text())
        self.assertEqual(2, loaded['version'])
        for version, known in ((1, True), (2, True), (3, False)):
            path.write_text(json.dumps(loaded | {'version': version}))
            other = journals.of(made.folder.name)
            if known:
                self.assertEqual(version, other.run().version)
            else:
                self.assertRaises(errors.DocumentError, other.run)

    def test_stopped(self):
        """From the stop's record to the start's; or by the first release."""
        made = self._create()

        def note(part, name, found='ACTIVE'):
            done = journal_base.Done(name, interim.Downtime(found))
            made.keep(
                journal_base.Progress(f'downtime/{server}/{part}#1', (done,))
            )

        for server in ('s1', 's2', 's3'):
            found = 'SHUTOFF' if server == 's3' else 'ACTIVE'
            note('stop', 'look-at-server', found)
        made.keep(journal_base.Progress('downtime/s4/stop#1'))
        server = 's1'
        self.assertEqual(frozenset({'s1', 's2'}), made.stopped())
        note('start', 'start-server')
        self.assertEqual(frozenset({'s2'}), made.stopped())
        (made.folder / 'stopped').mkdir()
        for name in ('old', 'a b'):
            (made.folder / 'stopped' / name).touch()
        (made.folder / 'flows' / 'downtime.s5.stop.1.json').write_text('{')
        (made.folder / 'run.json').write_text('{')
        self.assertEqual(
            frozenset({'old', 's2', 's5'}),
            journals.of(made.folder.name).stopped(),
        )

    def test_last(self):
        self._refused('last', 'no unfinished "backup run"', 'web')
        old, new = self._create(day=2), self._create(day=3)
        elsewhere = dataclasses.replace(HERE, project_id='other')
        self._create('efgh', elsewhere, day=4)
        self.assertEqual(new.folder, unfinished.find('last', HERE).folder)
        self._end(new)
        self.assertEqual(old.folder, unfinished.find('last', HERE).folder)
        self._end(old)
        self._refused('last')

    def test_last_passes_over_the_damaged(self):
        good, bad = self._create(day=2), self._create(day=3)
        (bad.folder / 'run.json').write_text('{}')
        (journals.home() / 'something else').touch()
        self.assertEqual(good.folder, unfinished.find('last', HERE).folder)

    def test_none_with_that_name(self):
        made = self._create()
        for name in ('nothing', '../x', '', '20260101T000000Z-zzzz', '/etc'):
            self._refused(name, made.folder.name)

    def test_ended(self):
        made = self._create()
        self._end(made)
        self._refused(made.folder.name, 'end')

    def test_of_another_project_or_cloud(self):
        made = self._create()
        for field in ('auth_url', 'region', 'project_id'):
            other = dataclasses.replace(HERE, **{field: 'other'})
            self._refused(made.folder.name, 'another', 'web', identity=other)
        same = dataclasses.replace(HERE, user_id='bob', project_name='renamed')
        self.assertTrue(unfinished.find(made.folder.name, same))

    def test_locked(self):
        made = self._create()
        with made.locked():
            failure = self.assertRaises(
                errors.BackupError, made.locked().__enter__
            )
            self.assertIn(made.folder.name, str(failure))
        with made.locked():
            pass

    def test_fate(self):
        made = self._create()
        name, fate = made.folder.name, journals.Fate
        self.assertIs(fate.RESUMABLE, journals.fate(name))
        with made.locked():
            self.assertIs(fate.ALIVE, journals.fate(name))
        self.assertIs(fate.RESUMABLE, journals.fate(name))
        # To ask keeps nobody from going on with it.
        with made.locked():
            self._end(made)
        self.assertIs(fate.ENDED, journals.fate(name))

    def test_who_asks_keeps_nobody_from_going_on(self):
        """However often, and from however many processes."""
        made = self._create()
        name, over = made.folder.name, threading.Event()
        seen = set()

        def ask():
            while not over.is_set():
                seen.add(journals.fate(name))

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        try:
            for _ in range(200):
                with made.locked():
                    pass
        finally:
            over.set()
            for thread in asking:
                thread.join()
        self.assertLessEqual(
            seen, {journals.Fate.ALIVE, journals.Fate.RESUMABLE}
        )

    def test_who_asks_sees_those_who_work(self):
        """Even while somebody else asks."""
        made = self._create()
        with (
            made.locked(),
            open(made.folder / 'alive') as file,
        ):
            self.assertRaises(
                BlockingIOError,
                fcntl.flock,
                file,
                fcntl.LOCK_SH | fcntl.LOCK_NB,
            )
            self.assertIs(journals.Fate.ALIVE, journals.fate(made.folder.name))

    def test_somebody_who_never_stops_asking(self):
        """It is said, after a while."""
        made = self._create()
        self.useFixture(
            fixtures.MonkeyPatch('backupclient.engine.life._PATIENCE', 0.1)
        )
        with open(made.folder / 'alive') as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            self.assertRaises(errors.Busy, made.locked().__enter__)

    def test_process_of_the_first_release(self):
        """It has one lock, and it is seen all the same."""
        made = self._create()
        (made.folder / 'alive').unlink()
        with open(made.folder / 'lock', 'wb') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIs(journals.Fate.ALIVE, journals.fate(made.folder.name))
            self.assertRaises(errors.Busy, made.locked().__enter__)
        self.assertIs(journals.Fate.RESUMABLE, journals.fate(made.folder.name))

    def test_fate_of_others(self):
        self._create()
        (journals.home() / '20260101T000000Z-file').touch()
        for name in (
            '20260101T000000Z-zzzz',
            '20260101T000000Z-file',
            '',
            '.',
            '..',
            'last',
        ):
            self.assertIs(journals.Fate.UNKNOWN, journals.fate(name), name)

    def test_fate_however_damaged(self):
        made = self._create()
        (made.folder / 'run.json').write_text('{')
        self.assertIs(journals.Fate.RESUMABLE, journals.fate(made.folder.name))
        # A folder in its place: the lock cannot be opened.
        (made.folder / 'lock').unlink()
        (made.folder / 'lock').mkdir()
        self.assertIs(journals.Fate.UNKNOWN, journals.fate(made.folder.name))
