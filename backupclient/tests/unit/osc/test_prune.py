# SPDX-License-Identifier: Apache-2.0
"""The command, as a person types it: in a target, and in the cloud."""

import contextlib
import dataclasses
import json
import os
import shutil
import time

import fixtures

from backupclient.engine import journals
from backupclient.engine import life
from backupclient.model import layout
from backupclient.model import leases
from backupclient.model import results
from backupclient.model import tags
from backupclient.operations import prune
from backupclient.osc import columns
from backupclient.planner import failed_sets
from backupclient.planner import pruning
from backupclient.planner import retention
from backupclient.sets import catalogue
from backupclient.sets import claims
from backupclient.sets import deletion
from backupclient.store import localfolder
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base
from backupclient.tests.unit.sets import samples

ENTRY = samples.volume_entry(samples.ARCHIVE)
REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


def run_of(day):
    return f'202601{day:02}T010000Z-aaaa'


class TestCase(base.TestCase):
    def openstack(self, *words, answer=None, terminal=False):
        """Run a command, with a person at a terminal who answers."""
        stdin = base.Stream(answer is not None)
        stdin.write(answer or '')
        stdin.seek(0)
        with fixtures.MonkeyPatch('sys.stdin', stdin):
            return super().openstack(*words, terminal=terminal)

    def refused(self, code, *words, **options):
        found = self.openstack('backup', 'prune', *words, **options)
        self.assertEqual(code, found, self.err.said)
        self.assertEqual('', self.out.said)
        return self.err.said


class TargetTestCase(TestCase):
    """Sets in a folder; nobody is logged in."""

    def setUp(self):
        super().setUp()
        for name in fake_cloud.ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name, None))
        self.target.mkdir()
        self.store = localfolder.Folder(self.target)
        for day in (1, 2, 3):
            self.make(day)

    def make(self, day, *entries, identity=samples.IDENTITY):
        entry = dataclasses.replace(
            ENTRY, captured_at=f'2026-01-{day:02}T01:30:00+00:00'
        )
        made = samples.manifest(
            *(entries or (entry,)), run=run_of(day), identity=identity
        )
        samples.filled(self.store, made).close(made, samples.PAGE)

    def prune(self, *words, code=0, **options):
        words = ('prune', '--from', self.target, *words)
        found = self.openstack('backup', *words, '-f', 'json', **options)
        self.assertEqual(code, found, self.err.said)
        return json.loads(self.out.said)

    def left(self):
        return sorted(path.name for path in self.target.iterdir())

    def test_rows(self):
        rows = self.prune('--keep-last', '2', '--dry-run')
        self.assertEqual([], self.fake.seen)
        self.assertEqual(list(columns.PRUNE), list(rows[0]))
        self.assertEqual(
            {
                'Run': run_of(2),
                'Captured': '2026-01-02T01:30:00+00:00',
                'Kind': 'volume',
                'Name': 'archive',
                'ID': samples.ARCHIVE.id,
                'Place': str(self.target),
                'Size': samples.ARCHIVE.size,
                'Action': 'keep',
                'Reasons': ['--keep-last 2'],
            },
            rows[1],
        )
        self.assertEqual(
            ['keep', 'keep', 'delete'], [row['Action'] for row in rows]
        )
        self.assertEqual(3, len(self.left()))
        self.assertIn('2 kept, 1 to delete (5.0 GiB)', self.err.said)

    def test_what_would_be_free(self):
        """Where the store tells; who deletes need not wait for that."""
        asked = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.localfolder.Folder.would_free',
                lambda _, folders: asked.append([*folders]) or '2.9 MiB',
            )
        )
        self.prune('--keep-last', '2', '--dry-run')
        self.assertIn(f'This frees 2.9 MiB in {self.target}.', self.err.said)
        self.prune('--keep-last', '3', '--dry-run')
        self.prune('--keep-last', '2', '--yes')
        self.assertNotIn('frees', self.err.said)
        self.assertEqual([[run_of(1)]], asked)

    def test_delete(self):
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual(
            ['keep', 'deleted', 'deleted'], [row['Action'] for row in rows]
        )
        self.assertEqual([run_of(3)], self.left())
        self.assertIn('1 kept, 2 deleted (10.0 GiB)', self.err.said)

    def test_again(self):
        self.prune('--keep-last', '1', '--yes')
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual(['keep'], [row['Action'] for row in rows])

    def test_the_last_one_stays(self):
        self.prune('--keep-verified', '5', '--yes')
        self.assertEqual([run_of(3)], self.left())

    def test_the_last_one_that_is_not_damaged_stays(self):
        for day in (2, 3):
            data = self.target / run_of(day) / ENTRY.file.path
            data.write_bytes(b'changed')
            self.openstack(
                *('backup', 'verify', '--from', self.target, run_of(day))
            )
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(1)], self.left())
        self.assertEqual(
            ['--keep-last 1', retention.NEWEST], rows[2]['Reasons']
        )

    def test_question(self):
        rows = self.prune('--keep-last', '1', answer='y\n')
        said = self.err.said
        self.assertEqual([run_of(3)], self.left())
        self.assertEqual(3, len(rows))
        for text in (
            f'of run {run_of(1)}, captured 2026-01-01 01:30, 5.0',
            'Delete 2 backups of 2 runs of project web shop (p-1) in '
            f'{self.target}, 10.0 GiB? [y/N]',
        ):
            self.assertIn(text, said)
        self.assertNotIn(f'of run {run_of(3)}, captured', said)

    def test_no(self):
        for answer in ('n\n', '\n', '', 'yes, but\n'):
            rows = self.prune('--keep-last', '1', answer=answer)
            self.assertEqual(3, len(self.left()))
            self.assertEqual('delete', rows[2]['Action'])
            self.assertIn('Nothing was deleted.', self.err.said)

    def test_nobody_to_ask(self):
        said = self.refused(2, '--from', self.target, '--keep-last', '1')
        self.assertIn('--yes', said)
        self.assertEqual(3, len(self.left()))

    def test_no_rule(self):
        for words in ((), ('--yes',), ('--dry-run',)):
            said = self.refused(2, '--from', self.target, *words)
            self.assertIn('--keep-daily 7', said)
        self.assertEqual(3, len(self.left()))

    def test_wrong_rules(self):
        for words in (
            ('--keep-last', '0'),
            ('--keep-last', '-1'),
            # Three, as it is written in Arabic.
            ('--keep-last', '٣'),
            ('--keep-within', '٣d'),
            ('--keep-within', '7w'),
            ('--keep-within', '0d'),
            ('--yes', '--dry-run', '--keep-last', '1'),
        ):
            self.refused(2, '--from', self.target, *words)

    def test_within(self):
        rows = self.prune('--keep-within', '1d1h', '--yes')
        self.assertEqual('--keep-within 1d1h', rows[1]['Reasons'][0])
        self.assertEqual([run_of(2), run_of(3)], self.left())

    def test_what_the_answer_was_not_for(self):
        """A set that comes meanwhile is not deleted, whatever the rules."""
        question = 'backupclient.osc.questions.agreed'

        def answer(*arguments):
            self.make(5)
            self.make(4)
            return True

        with fixtures.MonkeyPatch(question, answer):
            rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(3), run_of(4), run_of(5)], self.left())
        self.assertIn('was not in the list', str(rows[1]['Reasons']))

    def test_a_set_that_changes_meanwhile(self):
        question = 'backupclient.osc.questions.agreed'

        def answer(*arguments):
            path = self.target / run_of(1) / layout.MANIFEST
            path.write_text(path.read_text().replace('1.0', '1.1'))
            return True

        with fixtures.MonkeyPatch(question, answer):
            self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(1), run_of(3)], self.left())

    def test_a_set_without_its_data_protects_nothing(self):
        """Nobody has verified it: prune looks itself."""
        (data,) = (self.target / run_of(3)).glob('volumes/*')
        data.write_bytes(b'short')
        rows = self.prune('--keep-last', '1', '--yes')
        kept = {row['Run'] for row in rows if row['Action'] == 'keep'}
        self.assertIn(run_of(2), kept)
        self.assertNotIn(run_of(1), self.left())

    def test_another_prune_at_the_same_time(self):
        """What it has deleted is not called a failure."""
        for name in ('stat', 'put', 'rename'):
            with self.subTest(name), self.meanwhile(name):
                rows = self.prune('--keep-last', '1', '--yes')
            self.assertEqual([run_of(3)], self.left())
            self.assertEqual(
                ['keep', 'deleted', 'deleted'], [row['Action'] for row in rows]
            )
            for day in (1, 2):
                self.make(day)

    @contextlib.contextmanager
    def meanwhile(self, name):
        """Take the oldest set away, before its deletion calls the store."""
        method, delete = getattr(localfolder.Folder, name), deletion.delete
        ready = []

        def call(*arguments, **options):
            if any(ready):
                shutil.rmtree(self.target / run_of(1), ignore_errors=True)
            return method(*arguments, **options)

        def begin(store, opened):
            ready.append(opened.found.run == run_of(1))
            try:
                return delete(store, opened)
            finally:
                ready.clear()

        with (
            fixtures.MonkeyPatch(
                f'{localfolder.__name__}.Folder.{name}', call
            ),
            fixtures.MonkeyPatch(f'{deletion.__name__}.delete', begin),
        ):
            yield

    def test_times_at_the_end_of_the_calendar(self):
        time = '9999-12-31T23:59:59-23:59'
        self.make(4, dataclasses.replace(ENTRY, captured_at=time))
        self.prune('--keep-last', '1', '--keep-within', '1h', '--dry-run')

    def test_record_that_was_not_written(self):
        """A kill has left the beginning of the list of files."""
        (self.target / run_of(1) / 'deleting.json.part').write_bytes(b'{')
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(3)], self.left())

    def test_killed_before_the_set_is_moved(self):
        """The set is whole: after an hour it is read as before."""
        mark = self.target / run_of(3) / 'deleting.json'
        mark.write_bytes(b'{}')
        words = ['backup', 'verify', '--from', str(self.target), run_of(3)]
        self.assertEqual(1, self.openstack(*words))
        self.assertIn('is being deleted', self.err.said)
        os.utime(mark, (0, 0))
        self.assertEqual(0, self.openstack(*words))

    def test_set_that_cannot_be_renamed(self):
        (self.target / f'{run_of(1)}.deleting').write_bytes(b'')
        self.prune('--keep-last', '1', '--yes', code=3)
        left = self.target / run_of(1)
        self.assertTrue((left / 'manifest.json').exists())
        self.assertFalse((left / 'deleting.json').exists())

    def test_nobody_is_logged_in(self):
        """Where nothing says of which backups, both ways are named."""
        said = self.refused(2, '--keep-last', '1', '--dry-run')
        self.assertIn('Say where the backups are: --from', said)
        self.assertIn('OS_CLOUD', said)
        self.assertEqual([], self.fake.seen)

    def test_table(self):
        found = self.openstack(
            'backup',
            *('prune', '--from', self.target, '--keep-last', '2'),
            '--dry-run',
        )
        self.assertEqual(0, found)
        self.assertIn('Run ', self.out.said)
        self.assertIn(run_of(1), self.out.said)
        self.assertLess(max(map(len, self.out.said.splitlines())), 61)

    def test_links(self):
        (self.target / run_of(1) / 'link').symlink_to('/etc/passwd')
        rows = self.prune('--keep-last', '1', '--yes', code=3)
        (why,) = rows[2]['Reasons']
        self.assertIn('has links, or what else is no plain file: link.', why)
        self.assertNotIn('not listed', why)

    def test_foreign_files(self):
        (self.target / run_of(1) / 'notes.txt').write_text('mine')
        for mode in ('--dry-run', '--yes'):
            rows = self.prune('--keep-last', '1', mode, code=3)
            self.assertEqual('failed', rows[2]['Action'])
            self.assertIn(f'{run_of(1)} has files', self.err.said)
            self.assertIn('notes.txt', self.err.said)
        self.assertEqual([run_of(1), run_of(3)], self.left())
        self.assertTrue((self.target / run_of(1) / 'manifest.json').exists())

    def test_a_manifest_that_cannot_be_read(self):
        path = self.target / run_of(1) / layout.MANIFEST
        path.write_text(
            path.read_text().replace('"version": 1', '"version": 9')
        )
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual(('set', 'keep'), (rows[2]['Kind'], rows[2]['Action']))
        self.assertEqual([run_of(1), run_of(3)], self.left())
        self.assertIn('version 9', self.err.said)

    def test_a_manifest_that_is_lost(self):
        (self.target / run_of(1) / layout.MANIFEST).unlink()
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual(
            (run_of(1), 'set', 'keep'),
            (rows[2]['Run'], rows[2]['Kind'], rows[2]['Action']),
        )
        self.assertIn('has no manifest.json', rows[2]['Reasons'][0])
        self.assertEqual([run_of(1), run_of(3)], self.left())
        (data,) = (self.target / run_of(1) / 'volumes').iterdir()
        self.assertTrue(data.exists())

    def test_a_list_that_is_not_complete(self):
        with fixtures.MonkeyPatch(
            'backupclient.store.tree.folders', _raise_io_error
        ):
            said = self.refused(
                *(1, '--from', self.target, '--keep-last', '1', '--yes')
            )
        self.assertIn('Input/output error', said)
        self.assertEqual(3, len(self.left()))

    def test_what_somebody_reads_stays(self):
        (found,) = [
            one for one in catalogue.runs(self.store) if one.run == run_of(1)
        ]
        with claims.reading(self.store, [found], 'restore'):
            rows = self.prune('--keep-last', '1', '--yes')
            self.assertEqual([run_of(1), run_of(3)], self.left())
        self.assertEqual('keep', rows[2]['Action'])
        self.assertIn('"openstack backup restore"', str(rows[2]['Reasons']))
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(3)], self.left())

    def actions_while_reading(self, *words):
        """What a prune would do while the data of the first set are read."""
        seen = []
        real = localfolder.Folder.opened
        settings = prune.Settings(prune.Rules(last=1))

        def opened(store, path):
            if path.endswith('.raw') and store.name == str(self.target):
                decision = prune.target(str(self.target), settings).decide()
                seen.append([row.action.value for row in decision.rows])
            return real(store, path)

        with fixtures.MonkeyPatch(
            'backupclient.store.localfolder.Folder.opened', opened
        ):
            self.rows(*words)
        return seen[0]

    def test_a_verification_claims_what_it_reads(self):
        self.assertEqual(
            ['keep', 'delete', 'keep'],
            self.actions_while_reading(
                'verify', '--from', self.target, run_of(1)
            ),
        )
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(3)], self.left())

    def test_bringing_files_back_claims_what_it_reads(self):
        self.assertEqual(
            ['keep', 'delete', 'keep'],
            self.actions_while_reading(
                *('restore', '--from', self.target, '--run', run_of(1)),
                *('--all', '--to-files', self.root / 'files'),
            ),
        )

    def test_a_restore_claims_what_it_reads(self):
        for name, value in fake_cloud.ENVIRONMENT.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.assertEqual(
            ['keep', 'delete', 'keep'],
            self.actions_while_reading(
                *('restore', '--from', self.target, '--run', run_of(1)),
                *('--all', '--volume-type', 'hdd=fast'),
            ),
        )

    def test_what_an_interrupted_call_has_left(self):
        """It is finished, and never looks whole before that."""
        gone = self.target / (run_of(1) + layout.DELETING)
        with fixtures.MonkeyPatch(
            'backupclient.sets.deletion.finish', _raise_io_error
        ):
            self.prune('--keep-last', '2', '--yes', code=3)
        self.assertTrue(gone.exists())
        (gone / layout.MANIFEST).unlink()
        rows = self.prune('--keep-last', '2', '--dry-run')
        self.assertEqual(2, len(rows))
        self.assertIn('1 interrupted deletions to finish', self.err.said)
        self.assertTrue(gone.exists())
        # Nothing else is to go.
        self.prune('--keep-last', '2', answer='y\n')
        self.assertIn(f'has left of {gone.name}', self.err.said)
        self.assertEqual([run_of(2), run_of(3)], self.left())

    def fail(self, day, *entries, identity=samples.IDENTITY):
        """Make a set in which nothing is complete, two days ago."""
        failed = dataclasses.replace(
            ENTRY,
            state=results.State.FAILED,
            reason='It broke.',
            file=None,
            captured_at='',
        )
        made = samples.manifest(
            *(entries or (failed,)), run=run_of(day), identity=identity
        )
        samples.filled(self.store, made).close(made, samples.PAGE)
        then = time.time() - 2 * 86400
        for path in (self.target / '.failed' / made.run).iterdir():
            os.utime(path, (then, then))

    def of_sets(self, rows):
        return {
            row['Run']: (row['Action'], row['Reasons'])
            for row in rows
            if row['Kind'] == 'set'
        }

    def test_sets_without_a_backup(self):
        """They go when a newer run has a backup that is kept."""
        self.fail(4)
        self.fail(5)
        self.make(6)
        self.fail(7)
        rows = self.prune('--keep-last', '1', '--dry-run')
        why = [
            'Nothing in it is complete, and a backup of the newer run '
            f'{run_of(6)} is kept.'
        ]
        self.assertEqual(
            {
                run_of(7): ('keep', [failed_sets.NONE_NEWER]),
                run_of(5): ('delete', why),
                run_of(4): ('delete', why),
            },
            self.of_sets(rows),
        )
        self.assertEqual(
            [run_of(day) for day in (7, 6, 5, 4, 3, 2, 1)],
            [row['Run'] for row in rows],
        )
        self.assertLess(100, rows[2]['Size'])
        self.prune('--keep-last', '1', answer='y\n')
        self.assertIn(
            'Delete 3 backups and 2 sets without a backup of 5 runs of',
            self.err.said,
        )
        self.assertEqual(['.failed', run_of(6)], self.left())
        self.assertEqual([run_of(7)], os.listdir(self.target / '.failed'))
        self.make(8)
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(8)], self.left())

    def test_sets_without_a_backup_that_stay(self):
        self.fail(4)
        self.make(6)
        failed = self.target / '.failed' / run_of(4)
        place = journals.home() / run_of(4)
        for said, begin, end in (
            (
                f'run --resume {run_of(4)}',
                lambda: place.mkdir(parents=True) or life.make(place),
                lambda _: shutil.rmtree(place),
            ),
            (
                'less than a day ago',
                lambda: os.utime(failed / 'manifest.json'),
                lambda _: os.utime(failed / 'manifest.json', (1, 1)),
            ),
            (
                'has changed it',
                lambda: (failed / 'manifest.json').write_bytes(
                    (failed / 'manifest.json').read_bytes() + b' '
                ),
                lambda _: None,
            ),
        ):
            undo = begin()
            rows = self.prune('--keep-last', '1', '--dry-run')
            action, reasons = self.of_sets(rows)[run_of(4)]
            self.assertEqual('keep', action, said)
            self.assertIn(said, reasons[0])
            end(undo)

    def test_a_set_without_a_backup_whose_run_is_alive(self):
        self.fail(4)
        self.make(6)
        place = journals.home() / run_of(4)
        place.mkdir(parents=True)
        life.make(place)
        with life.held(place):
            rows = self.prune('--keep-last', '1', '--yes')
        action, reasons = self.of_sets(rows)[run_of(4)]
        self.assertEqual('keep', action)
        self.assertIn('is still going on', reasons[0])
        self.assertTrue((self.target / '.failed' / run_of(4)).is_dir())

    def test_sets_without_a_backup_of_others(self):
        """What is not selected stays, and what is of another project."""
        self.fail(4)
        self.make(6)
        for words, selected in (
            (('--volume', ENTRY.resource.id), True),
            (('--all',), True),
            (('--exclude', f'volume/{ENTRY.resource.id}'), False),
        ):
            rows = self.prune('--keep-last', '1', '--dry-run', *words)
            action, _ = self.of_sets(rows)[run_of(4)]
            self.assertEqual('delete' if selected else 'keep', action, words)
        other = dataclasses.replace(samples.IDENTITY, project_id='p-2')
        self.fail(5, identity=other)
        rows = self.prune('--keep-last', '1', '--dry-run')
        self.assertEqual(
            ('keep', [pruning.NOT_SELECTED]), self.of_sets(rows)[run_of(5)]
        )

    def test_empty_set(self):
        """One of a project that had nothing to back up."""
        made = samples.manifest(run=run_of(2)[:-4] + 'zzzz')
        samples.filled(self.store, made).close(made, samples.PAGE)
        then = time.time() - 2 * 86400
        for path in (self.target / made.run).iterdir():
            os.utime(path, (then, then))
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual([run_of(3)], self.left())

    def test_other_projects(self):
        other = dataclasses.replace(
            samples.IDENTITY, project_id='p-2', project_name='blog'
        )
        entry = samples.volume_entry(samples.ROOT)
        for day in (10, 11):
            self.make(day, entry, identity=other)
        words = ('--keep-last', '1', '--yes')
        said = self.refused(2, '--from', self.target, *words)
        self.assertIn('blog (p-2)', said)
        found = self.openstack(
            *('--os-project-id', 'p-1', 'backup', 'prune'),
            *('--from', self.target, *words),
        )
        self.assertEqual(0, found, self.err.said)
        self.assertEqual([run_of(3), run_of(10), run_of(11)], self.left())
        self.prune('--volume', samples.ROOT.id, *words)
        self.assertEqual([run_of(3), run_of(11)], self.left())

    def test_selection(self):
        self.make(4, samples.volume_entry(samples.ROOT))
        self.make(5, samples.volume_entry(samples.ROOT))
        self.prune('--volume', 'web root', '--keep-last', '1', '--yes')
        self.assertEqual([1, 2, 3, 5], [int(x[6:8]) for x in self.left()])

    def test_the_target_is_a_set(self):
        said = self.refused(
            2, '--from', self.target / run_of(1), '--keep-last', '1', '--yes'
        )
        self.assertIn('is one backup set', said)

    def test_a_target_that_is_not_there(self):
        said = self.refused(
            1, '--from', self.root / 'typo', '--keep-last', '1', '--yes'
        )
        self.assertIn('typo', said)

    def test_an_empty_target(self):
        empty = self.root / 'empty'
        empty.mkdir()
        found = self.openstack(
            *('backup', 'prune', '--from', empty, '--keep-last', '1', '--yes')
        )
        self.assertEqual(0, found, self.err.said)
        self.assertIn('There are no backups', self.err.said)


def _raise_io_error(*arguments, **options):
    raise OSError(5, 'Input/output error')


class CloudTestCase(TestCase):
    """Cinder backups that runs have left."""

    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data')
        self.runs = []

    def run_backup(self, *words):
        """Make a backup; return its ID."""
        before = set(self.fake.world.things['backups'])
        self.rows('run', '--volume', 'data', *words)
        # Runs of the same second have no order: let some time pass.
        for _ in range(3):
            self.fake.world.tick()
        (new,) = self.fake.world.things['backups'].keys() - before
        return new

    def prune(self, *words, code=0, **options):
        found = self.openstack(
            'backup', 'prune', *words, '-f', 'json', **options
        )
        self.assertEqual(code, found, self.err.said)
        return json.loads(self.out.said)

    def backups(self):
        self.fake.world.settle()
        return set(self.fake.world.things['backups'])

    def manifests(self):
        return [
            image
            for image in self.fake.world.things['images'].values()
            if image.get(tags.ROLE) == tags.Role.MANIFEST
        ]

    def deletions(self):
        asked = self.fake.asked('DELETE cinder /backups/')
        return [each.rpartition('/')[2] for each in asked]

    def test_full_backups(self):
        first, second, third = (self.run_backup('--full') for _ in range(3))
        rows = self.prune('--keep-last', '1', '--dry-run')
        self.assertEqual(
            ['delete', 'delete', 'keep'],
            sorted(row['Action'] for row in rows),
        )
        self.assertEqual({first, second, third}, self.backups())
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual({'cloud'}, {row['Place'] for row in rows})
        self.assertEqual({third}, self.backups())
        self.assertEqual(1, len(self.manifests()))
        # The journals of the others are gone, too.
        kept = self.manifests()[0][tags.RUN]
        self.assertIn(kept, [path.name for path in journals.home().iterdir()])

    def test_a_chain_goes_from_leaf_to_full(self):
        chain = [self.run_backup() for _ in range(3)]
        full = self.run_backup('--full')
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual({full}, self.backups())
        self.assertEqual(chain[::-1], self.deletions())

    def test_a_kept_incremental_one_keeps_its_chain(self):
        old = self.run_backup('--full')
        chain = [self.run_backup('--full'), self.run_backup()]
        chain.append(self.run_backup())
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual(set(chain), self.backups())
        self.assertEqual([old], self.deletions())
        self.assertIn('needs it', str(rows))

    def test_what_does_not_carry_the_tags(self):
        first, second = (self.run_backup('--full') for _ in range(2))
        self.fake.world.things['backups'][first]['metadata'] = {}
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertEqual({first, second}, self.backups())
        self.assertIn('does not carry the tags', str(rows))

    def test_lists_that_are_not_complete(self):
        first, second = (self.run_backup('--full') for _ in range(2))
        for lists in ('GET cinder /backups/detail', 'GET glance /images'):
            self.fake.faults.clear()
            self.fake.fail(REFUSED, lists)
            found = self.openstack(
                'backup', 'prune', '--keep-last', '1', '--yes'
            )
            self.assertEqual(1, found, self.err.said)
            self.assertEqual({first, second}, self.backups())

    def test_without_a_backup_service(self):
        """Cinder says 404, which does not mean that the backup is gone."""
        first, second = (self.run_backup('--full') for _ in range(2))
        self.fake.cinder.backup_service = 'down'
        rows = self.prune('--keep-last', '1', '--yes', code=3)
        self.assertIn('failed', {row['Action'] for row in rows})
        self.assertIn('no backup service', self.err.said)
        self.assertEqual({first, second}, self.backups())
        # Its manifest still names it.
        self.assertEqual(2, len(self.manifests()))
        self.fake.cinder.backup_service = 'up'
        self.prune('--keep-last', '1', '--yes')
        self.assertEqual({second}, self.backups())
        self.assertEqual(1, len(self.manifests()))

    def test_a_refusal_of_the_service_is_told(self):
        """Somebody else's backup builds on it, unseen by a list."""
        first, second = (self.run_backup('--full') for _ in range(2))
        self.fake.cinder.parents[second] = first
        self.prune('--keep-last', '1', '--yes', code=3)
        self.assertIn('Incremental backups exist', self.err.said)
        self.assertEqual({first, second}, self.backups())

    def test_a_leaf_that_cannot_go_keeps_the_rest(self):
        chain = [self.run_backup() for _ in range(3)]
        full = self.run_backup('--full')
        self.fake.fail(REFUSED, f'DELETE cinder /backups/{chain[2]}')
        self.prune('--keep-last', '1', '--yes', code=3)
        self.assertEqual({*chain, full}, self.backups())
        self.assertEqual([chain[2]], self.deletions())

    def test_question(self):
        _, second = (self.run_backup('--full') for _ in range(2))
        self.prune('--keep-last', '1', answer='y\n')
        self.assertIn('Delete 1 backup of 1 run', self.err.said)
        self.assertIn('in the cloud at ', self.err.said)
        self.assertEqual({second}, self.backups())

    def test_read_again_just_before(self):
        """Its tags are gone since the list was read."""
        first, second = (self.run_backup('--full') for _ in range(2))

        def mark(place, run):
            self.fake.world.things['backups'][first]['metadata'] = {}

        with fixtures.MonkeyPatch(
            'backupclient.operations.pruning.in_cloud.Cloud._mark', mark
        ):
            self.prune('--keep-last', '1', '--yes', code=3)
        self.assertIn('any more', self.err.said)
        self.assertEqual({first, second}, self.backups())

    def test_what_another_run_works_on(self):
        """Its lease claims the volume: nothing of that is touched."""
        first, second = (self.run_backup('--full') for _ in range(2))
        other = '20260102T030405Z-zzzz'
        self.fake.glance.add_image(
            leases.name(other),
            updated_at=self.fake.world.now().isoformat(),
            **leases.metadata(
                other, 'elsewhere', [f'volume/{self.volume["id"]}']
            ),
        )
        rows = self.prune('--keep-last', '1', '--yes')
        self.assertIn(f'Run {other} is working on', str(rows))
        self.assertEqual({first, second}, self.backups())

    def test_killed_and_called_again(self):
        """What is kept stays at each step, and the next call ends it."""
        chain = [self.run_backup() for _ in range(3)]
        full = self.run_backup('--full')
        killed = 'backupclient.operations.pruning.'
        for name in ('artifacts._delete_backup', 'in_cloud.Cloud._rewrite'):
            with fixtures.MonkeyPatch(killed + name, _kill):
                code = self.openstack(
                    'backup', 'prune', '--keep-last', '1', '--yes'
                )
            self.assertEqual(130, code, self.err.said)
            self.assertIn(full, self.backups())
        self.assertEqual(4, len(self.manifests()))
        self.assertEqual({full}, self.backups())
        self.prune('--keep-last', '1', '--yes')
        (manifest,) = self.manifests()
        self.assertNotIn(tags.DELETING, manifest)
        self.assertEqual(chain[::-1], self.deletions())


def _kill(*arguments):
    raise KeyboardInterrupt
