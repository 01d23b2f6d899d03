# SPDX-License-Identifier: Apache-2.0

import argparse
import csv
import datetime
import io
import json

import fixtures
import testtools

from backupclient.model import leases
from backupclient.model import resources
from backupclient.model import tags
from backupclient.osc import cleanup
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

OLD, NEW = '20250101T030405Z-abcd', '20250102T030405Z-abcd'
COLUMNS = ['Kind', 'Name', 'ID', 'Run', 'Age', 'Size', 'Action']
REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})
SOURCE = resources.Resource(resources.Kind.VOLUME, 'data', 'of-elsewhere')


class DurationTestCase(testtools.TestCase):
    def test_read(self):
        for text, seconds in (
            ('0s', 0),
            ('90m', 5400),
            ('12h', 43200),
            ('7d', 604800),
            ('2w', 1209600),
            ('1d12h', 129600),
            ('1h1h', 7200),
        ):
            self.assertEqual(
                datetime.timedelta(seconds=seconds), cleanup.duration(text)
            )

    def test_refused(self):
        for text in (
            '',
            '7',
            'd',
            '7 d',
            '-7d',
            '1.5h',
            '7D',
            '7y',
            '1d-1h',
            '9999999d',
            '999999w' * 150,
        ):
            error = self.assertRaises(
                argparse.ArgumentTypeError, cleanup.duration, text
            )
            self.assertIn(f'"{text}"', str(error))


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.mine = self.fake.cinder.add_volume('mine', b'mine')

    def temporary(self, run, days=0, name=''):
        """Make a volume that a run has left."""
        created = self.fake.world.now() - datetime.timedelta(days=days)
        return self.fake.cinder.add_volume(
            name or tags.name(run, SOURCE),
            metadata=tags.metadata(run, SOURCE, tags.Role.TEMPORARY),
            created_at=created.replace(tzinfo=None).isoformat(),
        )

    def lease(self, run, **age):
        seen = self.fake.world.now() - datetime.timedelta(**age)
        return self.fake.glance.add_image(
            leases.name(run),
            updated_at=seen.isoformat(),
            **leases.metadata(run, 'elsewhere', ()),
        )

    def volumes(self):
        return [*self.fake.world.things['volumes']]

    def openstack(self, *words, answer=None, terminal=False):
        """Run a command, with a person at a terminal who answers."""
        stdin = base.Stream(answer is not None)
        stdin.write(answer or '')
        stdin.seek(0)
        with fixtures.MonkeyPatch('sys.stdin', stdin):
            return super().openstack(*words, terminal=terminal)


class CleanupTestCase(TestCase):
    def test_nothing(self):
        self.assertEqual([], self.rows('cleanup', '--yes'))
        self.assertIn('Nothing is left by any run.', self.err.said)
        self.assertEqual([], self.fake.asked('POST', 'PATCH', 'DELETE'))

    def test_nothing_as_a_table(self):
        for words in ['cleanup', '--yes'], ['cleanup', '--dry-run']:
            self.assertEqual(0, self.openstack('backup', *words))
            self.assertEqual('', self.out.said)
            self.assertEqual('Nothing is left by any run.\n', self.err.said)

    def test_unfinished_set(self):
        """It stays, and it is said what it is for."""
        target = self.root / 'backups'
        self.stop_at = 1
        self.rows('run', '--all', '--to', target, code=130)
        self.stop_at = 0
        (folder,) = target.iterdir()
        run = folder.name.removesuffix('.partial')
        self.assertNotEqual(run, folder.name)
        for words, told in (
            (['--yes'], True),
            (['--dry-run'], True),
            (['--yes', '--run', run], True),
            (['--yes', '--run', OLD], False),
        ):
            self.rows('cleanup', *words)
            self.assertEqual(told, str(folder) in self.err.said, words)
            self.assertEqual(
                told, f'run --resume {run}' in self.err.said, words
            )
        self.assertTrue(folder.is_dir())
        self.rows('run', '--resume', run)
        self.rows('cleanup', '--yes')
        self.assertNotIn(str(target), self.err.said)

    def test_json(self):
        left = self.temporary(OLD, days=2)
        (row,) = self.rows('cleanup', '--yes')
        self.assertEqual(COLUMNS, list(row))
        age = row.pop('Age')
        self.assertEqual(
            {
                'Kind': 'volume',
                'Name': left['name'],
                'ID': left['id'],
                'Run': OLD,
                'Size': 1 << 30,
                'Action': 'deleted',
            },
            row,
        )
        self.assertIsInstance(age, int)
        self.assertEqual(2, age // 86400)
        self.assertEqual([self.mine['id']], self.volumes())
        self.assertIn('1 deleted', self.err.said)

    def test_stdin_that_is_closed(self):
        left = self.temporary(OLD, days=2)
        self.useFixture(fixtures.MonkeyPatch('sys.stdin', None))
        code = base.TestCase.openstack(self, 'backup', 'cleanup')
        self.assertEqual(2, code)
        self.assertIn('--yes', self.err.said)
        self.assertIn(left['id'], self.volumes())

    def test_terminal_that_is_closed(self):
        """No answer is none."""

        class Gone(base.Stream):
            def readline(self):
                raise OSError(5, 'Input/output error')

        left = self.temporary(OLD, days=2)
        self.useFixture(fixtures.MonkeyPatch('sys.stdin', Gone(True)))
        code = base.TestCase.openstack(self, 'backup', 'cleanup')
        self.assertEqual(0, code)
        self.assertIn('1 to delete', self.err.said)
        self.assertIn(left['id'], self.volumes())

    def test_size_that_is_not_known(self):
        self.lease(OLD, hours=1)
        (row,) = self.rows('cleanup', '--yes')
        self.assertEqual(
            ('lease', None, 'deleted'),
            (row['Kind'], row['Size'], row['Action']),
        )

    def test_table(self):
        self.temporary(OLD, days=2)
        self.assertEqual(0, self.openstack('backup', 'cleanup', '--dry-run'))
        self.assertIn(' 2 d ', self.out.said)
        self.assertIn(' 1.0 GiB ', self.out.said)

    def test_csv(self):
        self.temporary(OLD, days=2)
        words = ['backup', 'cleanup', '--dry-run', '-f', 'csv']
        self.assertEqual(0, self.openstack(*words))
        head, row = csv.reader(io.StringIO(self.out.said))
        self.assertEqual(COLUMNS, head)
        self.assertEqual(str(1 << 30), row[5])
        self.assertTrue(row[4].isdigit())

    def test_dry_run(self):
        self.temporary(OLD, days=2)
        self.temporary(NEW)
        before = self.fake.world.holdings()
        rows = self.rows('cleanup', '--dry-run')
        self.assertEqual(
            {OLD: 'delete', NEW: 'keep'},
            {row['Run']: row['Action'] for row in rows},
        )
        self.assertEqual(before, self.fake.world.holdings())
        self.assertEqual([], self.fake.asked('POST', 'PATCH', 'DELETE'))
        self.assertIn('1 to delete, 1 kept', self.err.said)
        self.assertIn(f'Run {NEW} was started elsewhere', self.err.said)

    def test_alive(self):
        """Neither its things nor its lease."""
        self.temporary(OLD, days=2)
        self.lease(OLD)
        rows = self.rows('cleanup', '--yes')
        self.assertEqual(['keep', 'keep'], [row['Action'] for row in rows])
        self.assertIn(f'Run {OLD} is alive on elsewhere', self.err.said)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_one_run(self):
        kept = self.temporary(OLD, days=2)
        self.temporary(NEW, days=2)
        (row,) = self.rows('cleanup', '--yes', '--run', NEW)
        self.assertEqual((NEW, 'deleted'), (row['Run'], row['Action']))
        self.assertEqual([self.mine['id'], kept['id']], self.volumes())

    def test_older_than(self):
        self.temporary(OLD, days=5)
        kept = self.temporary(OLD, days=2)
        (row,) = self.rows('cleanup', '--yes', '--older-than', '4d12h')
        self.assertEqual('deleted', row['Action'])
        self.assertEqual([self.mine['id'], kept['id']], self.volumes())

    def test_young_ones_count_for_their_run(self):
        """What may be in use is not made dead by looking away."""
        self.temporary(OLD, days=5)
        self.temporary(OLD)
        (row,) = self.rows('cleanup', '--yes', '--older-than', '4d')
        self.assertEqual('keep', row['Action'])

    def test_not_all_can_be_deleted(self):
        self.temporary(OLD, days=2)
        left = self.temporary(NEW, days=2)
        self.fake.fail(REFUSED, f'DELETE cinder /volumes/{left["id"]}')
        rows = self.rows('cleanup', '--yes', code=3)
        self.assertEqual(
            {OLD: 'deleted', NEW: 'failed'},
            {row['Run']: row['Action'] for row in rows},
        )
        self.assertIn('no (HTTP 403)', self.err.said)
        self.assertIn('1 deleted, 1 could not be deleted', self.err.said)

    def test_interrupted(self):
        self.temporary(OLD, days=2)
        self.lease(OLD, hours=1)
        self.stop_at = 1
        rows = self.rows('cleanup', '--yes', code=130)
        self.assertEqual(
            ['deleted', 'delete'], [row['Action'] for row in rows]
        )

    def test_cloud_that_fails(self):
        self.fake.fail(REFUSED, 'GET glance /images', times=99)
        self.temporary(OLD, days=2)
        words = ['backup', 'cleanup', '--yes']
        self.assertEqual(1, self.openstack(*words))
        self.assertIn('HTTP 403', self.err.said)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_hostile_names(self):
        for word in ('--dry-run', '--yes'):
            for terminal in (False, True):
                self.temporary(OLD, days=2, name='red \x1b[31m\nalert')
                words = ['backup', 'cleanup', word, '--long']
                self.assertEqual(0, self.openstack(*words, terminal=terminal))
                self.assertIn('red \\x1b[31m\\nalert', self.out.said)
                self.assertNotIn('\x1b[31m', self.out.said + self.err.said)

    def test_hostile_names_in_the_question(self):
        self.temporary(OLD, days=2, name='red \x1b[31m\nalert')
        self.assertEqual(0, self.openstack('backup', 'cleanup', answer='n\n'))
        self.assertIn('red \\x1b[31m\\nalert', self.err.said)
        self.assertNotIn('\x1b', self.err.said)


class QuestionTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.left = self.temporary(OLD, days=2)

    def _ask(self, answer):
        code = self.openstack('backup', 'cleanup', '-f', 'json', answer=answer)
        self.assertEqual(0, code, self.err.said)
        self.assertIn('Delete what is listed (1)? [y/N]', self.err.said)
        self.assertIn(
            f'volume "{self.left["name"]}" ({self.left["id"]}) of run {OLD}',
            self.err.said,
        )
        (row,) = json.loads(self.out.said)
        return row['Action']

    def test_yes(self):
        for answer in ('y\n', 'Y\n', 'yes\n', ' yes \n', 'y'):
            self.assertEqual('deleted', self._ask(answer), answer)
            self.assertEqual([self.mine['id']], self.volumes())
            self.left = self.temporary(OLD, days=2)

    def test_no(self):
        for answer in ('n\n', '\n', '', 'no\n', 'yesterday\n', 'j\n'):
            self.assertEqual('delete', self._ask(answer), answer)
            end = '' if answer.endswith('\n') else '\n'
            self.assertIn(f'[y/N] {end}Nothing was deleted.', self.err.said)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_not_when_there_is_nothing_to_delete(self):
        self.lease(OLD)
        self.assertEqual(0, self.openstack('backup', 'cleanup', answer='y\n'))
        self.assertNotIn('[y/N]', self.err.said)
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_resumed_before_the_answer(self):
        """It is looked at again: what lives by now stays."""
        revive = self.lease(OLD, hours=1)

        def revived():
            revive['updated_at'] = self.fake.world.now().isoformat()

        # The second look at the volumes.
        self.fake.fail(revived, 'GET cinder /volumes/detail', skip=1)
        code = self.openstack('backup', 'cleanup', '-f', 'json', answer='y\n')
        self.assertEqual(0, code)
        self.assertEqual(
            ['keep', 'keep'],
            [row['Action'] for row in json.loads(self.out.said)],
        )
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_come_before_the_answer(self):
        """What the person has not seen is not deleted."""
        self.fake.fail(
            lambda: self.temporary(OLD, days=3),
            'GET cinder /volumes/detail',
            skip=1,
        )
        self.assertEqual('deleted', self._ask('y\n'))
        self.assertEqual(2, len(self.volumes()))

    def test_nobody_to_ask(self):
        """Said before anything is asked of the cloud."""
        self.assertEqual(2, self.openstack('backup', 'cleanup'))
        self.assertIn('--yes', self.err.said)
        self.assertEqual('', self.out.said)
        self.assertEqual([], self.fake.seen)

    def test_wrong_arguments(self):
        for words in (
            ['--run', 'last'],
            ['--run', ''],
            ['--run', f'{OLD}x'],
            ['--run'],
            ['--older-than', '7'],
            ['--older-than', ''],
            ['--older-than', '-1d'],
            ['--dry-run'],
            ['--force'],
            ['something'],
        ):
            code = self.openstack('backup', 'cleanup', '--yes', *words)
            self.assertEqual(2, code, (words, self.err.said))
            self.assertEqual('', self.out.said)
            self.assertTrue(self.err.said.strip(), words)
        self.assertEqual([], self.fake.seen)


class HintTestCase(TestCase):
    """``backup run`` tells of leftovers, and does nothing about them."""

    HINT = 'Left in the project by interrupted runs'

    def _run(self, *words):
        self.rows('run', '--volume', 'mine', *words)

    def test_told(self):
        left = [self.temporary(OLD, days=2), self.temporary(NEW, days=2)]
        self._run()
        self.assertIn(f'{self.HINT} ({OLD}, {NEW}): 2', self.err.said)
        self.assertIn('"openstack backup cleanup"', self.err.said)
        self.assertEqual(
            [self.mine['id'], *(one['id'] for one in left)], self.volumes()
        )
        deleted = self.fake.asked('DELETE')
        self.assertEqual([], [t for t in deleted if 'volumes' in t])

    def test_many(self):
        for number in range(5):
            self.temporary(f'2025010{number}T030405Z-abcd', days=2)
        self._run()
        self.assertIn('20250102T030405Z-abcd, ...): 5', self.err.said)

    def test_nothing_to_tell(self):
        self._run()
        self.assertNotIn(self.HINT, self.err.said)

    def test_not_of_those_that_live(self):
        self.temporary(OLD, days=2)
        self.lease(OLD)
        self._run()
        self.assertNotIn(self.HINT, self.err.said)

    def test_with_a_saved_plan(self):
        self.temporary(OLD, days=2)
        file = self.root / 'plan.json'
        self.rows('plan', '--volume', 'mine', '--save', file)
        self.assertNotIn(self.HINT, self.err.said)
        self.rows('run', '--plan', file)
        self.assertIn(self.HINT, self.err.said)

    def test_leases_that_cannot_be_read(self):
        """That stops no backup."""
        self.temporary(OLD, days=2)
        self.fake.fail(REFUSED, 'GET glance', times=10**6, same=False)
        self._run()
        self.assertNotIn(self.HINT, self.err.said)
