# SPDX-License-Identifier: Apache-2.0

import dataclasses
import pathlib
import stat

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import journal
from backupclient.engine import unfinished
from backupclient.model import inventory
from backupclient.model import outcome
from backupclient.model import plan
from backupclient.model import request
from backupclient.model import resources

HERE = inventory.CloudIdentity('https://cloud', 'one', 'p', 'web', 'alice')
VOLUME = resources.Volume('v', 'data', 'available', 1)
NOW = '2026-01-02T03:04:05+00:00'
ITEM = plan.Item(
    VOLUME.resource, plan.Procedure.VOLUME_IMAGE, 'why', volume=VOLUME
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

    def _create(self, letters='abcd', identity=HERE, day=2):
        planned = plan.Plan(identity, request.Request(), (ITEM,))
        run = journal.Run(
            f'202601{day:02}T030405Z-{letters}', planned, NOW, 4, 60.0
        )
        return journal.Journal.create(run)

    def _end(self, made):
        made.end(journal.Ended(outcome.State.COMPLETE, NOW))

    def _refused(self, name, *words, identity=HERE):
        failure = self.assertRaises(
            errors.UsageError, unfinished.find, name, identity
        )
        for word in words:
            self.assertIn(word, str(failure))

    def test_for_its_owner_only(self):
        made = self._create()
        for path in (journal.home(), made.folder, *made.folder.iterdir()):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(0o700 if path.is_dir() else 0o600, mode, path)

    def test_home(self):
        self._state('')
        self.useFixture(fixtures.EnvironmentVariable('HOME', '/home/alice'))
        self.assertEqual(
            pathlib.Path('/home/alice/.local/state/openstack-backup'),
            journal.home(),
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
        one = outcome.Outcome(
            VOLUME.resource, ITEM.procedure, outcome.State.COMPLETE
        )
        made.record(0, one)
        self.assertEqual({0: one}, made.outcomes())
        instead = dataclasses.replace(ITEM, reason='instead')
        made.replace(0, instead)
        self.assertEqual((instead,), made.run().plan.items)

    def test_stopped(self):
        made = self._create()
        made.note_stopped('s1')
        made.note_stopped('s1')
        made.note_stopped('s2')
        made.forget_stopped('s2')
        made.forget_stopped('s3')
        self.assertEqual(frozenset({'s1'}), made.stopped())

    def test_last(self):
        self._refused('last', 'no unfinished run', 'web')
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
        (journal.home() / 'something else').touch()
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
        name, fate = made.folder.name, journal.Fate
        self.assertIs(fate.RESUMABLE, journal.fate(name))
        with made.locked():
            self.assertIs(fate.ALIVE, journal.fate(name))
        self.assertIs(fate.RESUMABLE, journal.fate(name))
        # To ask keeps nobody from going on with it.
        with made.locked():
            self._end(made)
        self.assertIs(fate.ENDED, journal.fate(name))

    def test_fate_of_others(self):
        self._create()
        (journal.home() / '20260101T000000Z-file').touch()
        for name in (
            '20260101T000000Z-zzzz',
            '20260101T000000Z-file',
            '',
            '.',
            '..',
            'last',
        ):
            self.assertIs(journal.Fate.UNKNOWN, journal.fate(name), name)

    def test_fate_however_damaged(self):
        made = self._create()
        (made.folder / 'run.json').write_text('{')
        self.assertIs(journal.Fate.RESUMABLE, journal.fate(made.folder.name))
        # A folder in its place: the lock cannot be opened.
        (made.folder / 'lock').unlink()
        (made.folder / 'lock').mkdir()
        self.assertIs(journal.Fate.UNKNOWN, journal.fate(made.folder.name))
