# SPDX-License-Identifier: Apache-2.0
"""Old sets in stores that cannot rename: real restic and real rclone."""

import dataclasses
import datetime
import itertools
import json
import shutil
import tempfile

import fixtures
import testtools

from backupclient import errors
from backupclient.model import results
from backupclient.model import verification
from backupclient.operations import prune
from backupclient.operations import set_leftovers
from backupclient.sets import catalogue
from backupclient.sets import claims
from backupclient.sets import deletion
from backupclient.sets import verified
from backupclient.store.rclone import program
from backupclient.store.restic import repos
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.store import rclones
from backupclient.tests.unit.store import repositories

RUNS = [f'2026010{day}T010000Z-aaaa' for day in (1, 2)]
ENTRY = samples.volume_entry(samples.ARCHIVE)
SECRET = samples.secret_entry(samples.SECRET)


FAILED = '20260101T000000Z-bbbb'
_WRITES = ('backup', 'forget', 'prune')


class Killed(BaseException):
    """The process is gone."""


class OverStores:
    """The subclass gives a new store, and opens it as another process.

    :cvar _filled: two sets, as the subclass's program keeps them.
    """

    _filled = None

    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.targets.find',
                lambda _: self.open(),
            )
        )

    def fill(self):
        """Have two sets. To write them takes long, to copy them does not."""
        if self._filled is None:
            self._write_sets()
            type(self)._filled = tempfile.TemporaryDirectory()
            shutil.copytree(self.place, self._filled.name, dirs_exist_ok=True)
        else:
            self.renew()

    def renew(self):
        """Begin with these two sets, in another place."""
        self.empty()
        shutil.copytree(self._filled.name, self.place, dirs_exist_ok=True)

    def _write_sets(self):
        for day, run in enumerate(RUNS, 1):
            entry = dataclasses.replace(
                ENTRY, captured_at=f'2026-01-0{day}T01:30:00+00:00'
            )
            made = samples.manifest(entry, SECRET, run=run)
            samples.filled(self.store, made).close(made, samples.PAGE)

    def prune(self, **rules):
        settings = prune.Settings(prune.Rules(**rules or {'last': 1}))
        place = prune.target('restic:or-rclone', settings)
        return prune.delete(place, place.decide())

    def finished(self):
        return [
            one.run
            for one in catalogue.runs(self.open())
            if one.state is catalogue.State.FINISHED
        ]

    def paths(self):
        return [each.path for each in self.open().list()]

    def require_whole(self, run):
        """All files of a set are there."""
        left = {
            path.partition('/')[2]
            for path in self.paths()
            if path.startswith(f'{run}/')
        }
        self.assertLessEqual(
            {
                'manifest.json',
                'SHA512SUMS',
                'RESTORE.md',
                ENTRY.file.path,
                SECRET.file.path,
            },
            left,
            run,
        )

    def test_old_sets_go(self):
        self.fill()
        done = self.prune()
        self.assertEqual(
            ['keep'] * 2 + ['deleted'] * 2,
            [row.action.value for row in done.rows],
        )
        self.assertEqual((), done.notices)
        self.assertEqual([RUNS[1]], self.finished())
        self.require_whole(RUNS[1])
        self.assertEqual(
            {RUNS[1]}, {path.partition('/')[0] for path in self.paths()}
        )
        self.assertEqual([RUNS[1]], self.of_the_program())

    def test_sets_without_a_backup(self):
        """They go, also after a kill."""
        self.fill()
        failed = dataclasses.replace(
            ENTRY, state=results.State.FAILED, reason='It broke.', file=None
        )
        made = samples.manifest(failed, run=FAILED)
        samples.filled(self.store, made).close(made, samples.PAGE)
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.sets.catalogue.GRACE', datetime.timedelta(0)
            )
        )
        with self.killing(self.marked), testtools.ExpectedException(Killed):
            self.prune(last=2)
        (begun,) = deletion.begun(self.open())
        self.assertEqual(
            (FAILED, f'.failed/{FAILED}'), dataclasses.astuple(begun)
        )
        self.prune(last=2)
        self.assertEqual(sorted(RUNS), self.of_the_program())
        self.assertNotIn(FAILED, str(self.paths()))

    def test_results_of_verifications_go_too(self):
        self.fill()
        (found,) = [
            one for one in catalogue.runs(self.store) if one.run == RUNS[0]
        ]
        verified.keep(
            self.store, found, verification.Depth.DATA, (), samples.FINISHED
        )
        self.prune()
        self.assertEqual([RUNS[1]], self.of_the_program())

    def test_a_set_that_has_lost_its_manifest(self):
        """Neither prune nor cleanup deletes it."""
        self.fill()
        self.lose_manifest(RUNS[0])
        before = self.paths()
        self.assertIn(f'{RUNS[0]}/{ENTRY.file.path}', before)
        (found,) = [
            one for one in catalogue.runs(self.open()) if one.run == RUNS[0]
        ]
        self.assertEqual(('finished', True), (found.state, found.lost))
        kept = [row for row in self.prune().rows if row.run == RUNS[0]]
        self.assertEqual(['keep'], [row.action.value for row in kept])
        self.assertIn('has no manifest.json', kept[0].reasons[0])
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(9)
        (left,) = set_leftovers.find('restic:or-rclone', {}, later)
        self.assertEqual(
            (RUNS[0], 'keep'), (left.name, left.action.value), left.reason
        )
        self.assertRaises(
            errors.TargetError,
            deletion.abandon,
            self.open(),
            deletion.Begun(RUNS[0], RUNS[0]),
        )
        self.assertEqual(before, self.paths())

    def test_what_somebody_reads_stays(self):
        self.fill()
        (found,) = [
            one for one in catalogue.runs(self.store) if one.run == RUNS[0]
        ]
        with claims.reading(self.store, [found], 'restore'):
            self.prune()
            self.assertEqual([RUNS[1], RUNS[0]], self.finished())
            self.require_whole(RUNS[0])
        self.assertNotIn('in-use', str(self.paths()))
        self.prune()
        self.assertEqual([RUNS[1]], self.finished())

    def test_killed_and_called_again(self):
        """After each step what looks whole is whole, and the rest goes."""
        self.fill()
        for step in self.steps:
            self.renew()
            killed = False
            with self.killing(step):
                try:
                    self.prune()
                except Killed:
                    killed = True
            for run in self.finished():
                self.require_whole(run)
            self.assertIn(RUNS[1], self.finished())
            self.prune()
            self.assertEqual([RUNS[1]], self.finished(), step)
            self.assertEqual([], [*deletion.begun(self.open())], step)
            self.assertEqual(step != self.steps[-1], killed)


class ResticTestCase(OverStores, testtools.TestCase):
    # The call after the one that writes the list of files.
    marked = 1
    # The last one is beyond the end.
    steps = (0, 1, 2, 3, 4, 99)

    def setUp(self):
        super().setUp()
        self.empty()

    def empty(self):
        self.repository = self.useFixture(repositories.Repository())
        self.place = self.repository.place
        self.store = self.open()

    def open(self):
        return self.repository.store()

    def of_the_program(self):
        """The runs of which restic itself has a snapshot."""
        found = json.loads(
            repositories.restic(self.place, 'snapshots', '--json', '--no-lock')
        )
        tags = {tag for one in found for tag in one['tags']}
        return sorted(
            tag.partition('=')[2] for tag in tags if tag.startswith('run=')
        )

    def lose_manifest(self, run):
        """As "restic forget" with a rule of its own does it."""
        found = json.loads(
            repositories.restic(
                *(self.place, 'snapshots', '--json', '--no-lock'),
                *('--tag', f'files,run={run}'),
            )
        )
        repositories.restic(
            self.place, 'forget', *(one['id'] for one in found)
        )

    def killing(self, step):
        """Let the process die before so many calls that write."""
        real = repos.Repository.child
        calls = itertools.count()

        def child(self, words, **options):
            words = tuple(words)
            if words[0] in _WRITES and next(calls) == step:
                raise Killed
            return real(self, words, **options)

        return fixtures.MonkeyPatch(
            'backupclient.store.restic.repos.Repository.child',
            child,
        )

    def test_what_would_be_free(self):
        """As restic says it; nothing is deleted by that."""
        self.fill()
        place = prune.target(
            'restic:or-rclone', prune.Settings(prune.Rules(last=1))
        )
        decision = place.decide()
        self.assertRegex(
            place.would_free(decision),
            rf'^This frees [0-9.]+ (Ki|Mi)?B in {self.store.name}\.$',
        )
        self.assertEqual(sorted(RUNS), self.of_the_program())
        lines = repositories.restic(self.place, 'list', 'locks', '--no-lock')
        self.assertEqual(b'', lines.strip())
        self.useFixture(fixtures.EnvironmentVariable('RESTIC_PASSWORD', 'no'))
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD_FILE', None)
        )
        said = place.would_free(decision)
        self.assertIn('How much room this frees is not known: ', said)

    def test_the_room_is_free(self):
        """One "restic prune" for all sets; the rest is sound."""
        self.fill()
        before = self.size()
        self.prune()
        self.assertLess(self.size(), before)
        repositories.restic(self.place, 'check', '--read-data')

    def size(self):
        return sum(
            path.stat().st_size
            for path in (self.place / 'data').rglob('*')
            if path.is_file()
        )


class RcloneTestCase(OverStores, testtools.TestCase):
    marked = 0
    # Some of them: a call of rclone takes long, and each step is tried with
    # the store in memory.
    steps = (0, 1, 3, 99)

    def setUp(self):
        super().setUp()
        self.rclone = self.useFixture(rclones.Rclone())
        self.made = 0
        self.root = self.rclone.folder / 'root'
        self.root.mkdir()
        self.rclone.remote('base', type='local')
        self.rclone.remote('remote', type='alias', remote=f'base:{self.root}')
        self.empty()

    def empty(self):
        self.made += 1
        self.place = self.root / f'backups-{self.made}'
        self.store = self.open()

    def open(self):
        return rclones.open_store(f'remote:{self.place.name}')

    def of_the_program(self):
        return sorted(path.name for path in self.place.iterdir())

    def lose_manifest(self, run):
        (self.place / run / 'manifest.json').unlink()

    def killing(self, step):
        real = program.Program.call
        calls = itertools.count()

        def call(self, words, *arguments, **options):
            if words[0] == 'deletefile' and next(calls) == step:
                raise Killed
            return real(self, words, *arguments, **options)

        return fixtures.MonkeyPatch(
            'backupclient.store.rclone.program.Program.call', call
        )
