# SPDX-License-Identifier: Apache-2.0
"""The command, as a person types it."""

import json
import os
import shutil
import stat
import subprocess
import sys

import fixtures

from backupclient.model import tags
from backupclient.operations import verify
from backupclient.store import localfolder
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.operations import verify_case
from backupclient.tests.unit.osc import base

CASE = verify_case


class TestCase(base.TestCase):
    """A target with two sets, the newer one verified, and no login."""

    def setUp(self):
        super().setUp()
        for name in fake_cloud.ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name, None))
        self.target.mkdir()
        self.store = localfolder.Folder(self.target)
        CASE.make(self.store)
        CASE.make(self.store, CASE.Contents(run=CASE.OLD))

    def history(self, *words, code=0):
        return self.rows('history', '--from', self.target, *words, code=code)

    def refused(self, code, *words):
        self.assertEqual(code, self.openstack('backup', 'history', *words))
        self.assertEqual('', self.out.said)
        return self.err.said


class TargetTestCase(TestCase):
    def test_rows(self):
        verify.verify(str(self.target), [CASE.RUN])
        rows = self.history()
        self.assertEqual([], self.fake.seen)
        self.assertEqual(
            'Run Captured Kind Name ID Procedure State Size Place Verified '
            'Notes',
            ' '.join(rows[0]),
        )
        self.assertEqual(
            [CASE.RUN] * 5 + [CASE.OLD] * 5, [row['Run'] for row in rows]
        )
        day = rows[2].pop('Verified')
        self.assertRegex(day, r'^data \d{4}-\d\d-\d\d$')
        self.assertEqual(
            {
                'Run': CASE.RUN,
                'Captured': '2026-02-01T00:00:01+00:00',
                'Kind': 'volume',
                'Name': 'archive',
                'ID': CASE.PLAIN.id,
                'Procedure': 'volume-image',
                'State': 'complete',
                'Size': CASE.PLAIN.size_gib << 30,
                'Place': str(self.target),
                'Notes': [],
            },
            rows[2],
        )
        self.assertEqual('never', rows[7]['Verified'])
        self.assertIn('10 complete backups of 5 resources', self.err.said)

    def test_damaged(self):
        os.truncate(self.target / CASE.RUN / CASE.SPARSE, 5)
        verify.verify(str(self.target), [CASE.RUN])
        self.assertEqual(
            ['damaged'],
            [
                row['Verified']
                for row in self.history('--volume', 'archive', '--last', '1')
            ],
        )

    def test_selection(self):
        rows = self.history('--volume', 'archive')
        self.assertEqual([CASE.RUN, CASE.OLD], [row['Run'] for row in rows])
        rows = self.history('--server', 'web', '--last', '1')
        self.assertEqual(['web', 'web data'], [row['Name'] for row in rows])
        rows = self.history('--all', '--exclude', 'server/web', '--last', '1')
        self.assertEqual(
            ['web data', 'archive', 'golden image', 'tls'],
            [row['Name'] for row in rows],
        )
        self.assertIn(
            'It could mean: volume "web data"',
            self.refused(2, '--from', self.target, '--volume', 'data'),
        )

    def test_times(self):
        for words, count in (
            (('--since', '2026-02-01'), 4),
            (('--since', '2026-02-02'), 0),
            (('--until', '2026-01-31'), 6),
            (('--until', '2026-01-30'), 0),
            (('--since', '2026-02-01T00:00:01', '--until', '1h'), 4),
            (('--since', '1h'), 0),
        ):
            self.assertEqual(count, len(self.history(*words)), words)
        self.assertIn(
            'is no time', self.refused(2, '--since', 'x', '--from', 'x')
        )
        self.assertIn(
            'wrong way round',
            self.refused(2, '--since', '1d', '--until', '2d', '--from', 'x'),
        )

    def test_runs(self):
        (self.target / '20260501T000000Z-abcd.partial').mkdir()
        shutil.copytree(
            self.target / CASE.OLD,
            self.target / '.failed' / '20251201T000000Z-abcd',
        )
        rows = self.history('--runs', code=3)
        self.assertEqual(
            'Run Started Finished State Complete Failed Skipped Size Place '
            'Host',
            ' '.join(rows[0]),
        )
        self.assertEqual(
            [
                ('20260501T000000Z-abcd', 'unfinished', None),
                (CASE.RUN, 'complete', 5),
                (CASE.OLD, 'complete', 5),
                # Its manifest is that of the other run.
                ('20251201T000000Z-abcd', 'failed', None),
            ],
            [(row['Run'], row['State'], row['Complete']) for row in rows],
        )
        self.assertEqual('2026-05-01T00:00:00+00:00', rows[0]['Started'])
        self.assertEqual(str(self.target), rows[0]['Place'])
        self.assertIn('wrong set', self.err.said)
        rows = self.history('--runs', '--last', '1')
        self.assertEqual(1, len(rows))

    def test_who_writes_to_an_unfinished_one(self):
        run = '20260501T000000Z-abcd'
        self.store.begin(f'{run}.partial')
        marker = {
            'run': run,
            'host': 'there',
            'started_at': '2026-05-01T00:00:07+00:00',
            'format': 'openstack-backup-run',
            'version': 1,
        }
        self.store.put(
            f'{run}.partial/in-progress.json', json.dumps(marker).encode()
        )
        row = self.history('--runs')[0]
        self.assertEqual('there', row['Host'])
        self.assertEqual('2026-05-01T00:00:07+00:00', row['Started'])
        row = self.history()[0]
        self.assertEqual(('set', 'unfinished'), (row['Kind'], row['State']))
        self.assertIn(f'--resume {run}', row['Notes'][0])

    def test_damaged_manifest(self):
        """The others are listed; the exit code tells."""
        os.truncate(self.target / CASE.RUN / 'manifest.json', 5)
        rows = self.history(code=3)
        self.assertEqual(
            ('set', 'failed', 'damaged'),
            tuple(rows[0][name] for name in ('Kind', 'State', 'Verified')),
        )
        self.assertEqual(6, len(rows))
        self.assertIn('is not valid', self.err.said)

    def test_lost_manifest(self):
        """The set is not called unfinished."""
        self.history()
        (self.target / CASE.RUN / 'manifest.json').unlink()
        rows = self.history(code=3)
        self.assertEqual(
            ('set', 'failed', 'damaged'),
            tuple(rows[0][name] for name in ('Kind', 'State', 'Verified')),
        )
        self.assertEqual(6, len(rows))
        self.assertIn('Put a copy of the file back', self.err.said)
        row = self.history('--runs', code=3)[0]
        self.assertEqual((CASE.RUN, 'failed'), (row['Run'], row['State']))

    def test_only_what_is_listed_is_read(self):
        """In a repository, each manifest takes a second."""
        os.truncate(self.target / CASE.OLD / 'manifest.json', 5)
        self.assertEqual(1, len(self.history('--runs', '--last', '1')))
        words = ('--runs', '--since', '2026-01-15')
        self.assertEqual(1, len(self.history(*words)))
        self.history('--runs', code=3)
        os.truncate(self.target / CASE.RUN / 'manifest.json', 5)
        self.assertEqual([], self.history('--until', '2025-12-31'))

    def test_two_targets(self):
        other = self.root / 'other'
        shutil.copytree(self.target, other)
        rows = self.history('--from', other, '--volume', 'archive')
        self.assertEqual(
            [
                (CASE.RUN, str(self.target)),
                (CASE.RUN, str(other)),
                (CASE.OLD, str(self.target)),
                (CASE.OLD, str(other)),
            ],
            sorted(
                ((row['Run'], row['Place']) for row in rows),
                key=lambda one: (one[0] == CASE.OLD, one[1] == str(other)),
            ),
        )

    def test_missing_target(self):
        self.assertIn(
            'There is no folder',
            self.refused(1, '--from', self.root / 'missing'),
        )

    def test_nothing(self):
        empty = self.root / 'empty'
        empty.mkdir()
        self.assertEqual([], self.rows('history', '--from', empty))
        self.assertIn('No backups are there.', self.err.said)

    def test_fits_a_terminal(self):
        for width in (60, 80):
            self.useFixture(
                fixtures.EnvironmentVariable('COLUMNS', str(width))
            )
            for words in ((), ('--runs',)):
                code = self.openstack(
                    *('backup', 'history', '--from', self.target, *words),
                    terminal=True,
                )
                self.assertEqual(0, code)
                lines = self.out.said.splitlines()
                self.assertIn(' State', lines[1])
                self.assertGreaterEqual(width, max(map(len, lines)))

    def test_in_a_process_without_anything(self):
        """No login, no configuration, no network, no variables."""
        done = subprocess.run(
            [
                *(sys.executable, '-m', 'openstackclient.shell'),
                *('backup', 'history', '--from', str(self.target)),
                *('-f', 'value', '-c', 'State'),
            ],
            env={
                'PATH': os.environ['PATH'],
                'PYTHONPATH': os.pathsep.join(sys.path),
                'HOME': str(self.root),
            },
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        self.assertEqual(['complete'] * 10, done.stdout.split())
        cache = self.root / '.cache/openstack-backup/history.sqlite'
        self.assertEqual(0o600, stat.S_IMODE(cache.stat().st_mode))


class EmptyCloudTestCase(base.TestCase):
    def test_nothing_in_the_cloud(self):
        """Most of those who ask have backed up into a target."""
        for words, what in (((), 'backups'), (('--runs',), 'runs')):
            self.assertEqual([], self.rows('history', *words))
            self.assertIn(
                f'The cloud has no {what}. --from lists those in a target.',
                self.err.said,
            )


class CloudTestCase(base.TestCase):
    """What runs left in the cloud."""

    def setUp(self):
        super().setUp()
        self.fake.cinder.backup_service = 'up'
        self.fake.cinder.add_volume('data', b'1')
        self.assertEqual(0, self.openstack('backup', 'run', '--all'))
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', str(self.root / 'elsewhere')
            )
        )

    def test_rows(self):
        (row,) = self.rows('history')
        self.assertEqual(
            ('data', 'volume-backup', 'complete', 'cloud', 'never'),
            tuple(
                row[name]
                for name in (
                    *('Name', 'Procedure', 'State'),
                    *('Place', 'Verified'),
                )
            ),
        )
        self.rows('verify', '--depth', 'files')
        (row,) = self.rows('history')
        self.assertRegex(row['Verified'], r'^files \d{4}-\d\d-\d\d$')
        (row,) = self.rows('history', '--runs')
        self.assertEqual(('complete', 1), (row['State'], row['Complete']))
        self.assertNotEqual('', row['Host'])

    def test_unfinished(self):
        """A journal of this machine tells of it."""
        self.fake.cinder.add_volume('more', b'2')
        self.fake.fail(wire.Killed(), 'POST cinder', skip=1)
        self.assertRaises(
            wire.Killed, self.openstack, 'backup', 'run', '--all'
        )
        self.fake.dead = False
        rows = self.rows('history')
        self.assertEqual(
            [('set', 'unfinished'), ('volume', 'complete')],
            sorted((row['Kind'], row['State']) for row in rows),
        )
        rows = self.rows('history', '--runs')
        self.assertEqual(
            [('complete', 'cloud'), ('unfinished', 'cloud')],
            sorted((row['State'], row['Place']) for row in rows),
        )

    def test_read_once(self):
        self.rows('history')
        self.fake.seen.clear()
        self.rows('history')
        self.assertEqual(
            [], [one for one in self.fake.asked() if one.endswith('/file')]
        )

    def test_of_another_project(self):
        (image,) = [
            one
            for one in self.fake.world.things['images'].values()
            if one.get(tags.ROLE) == 'manifest'
        ]
        content = self.fake.world.content[image['id']]
        self.fake.glance.fill(
            image, content.replace(image['owner'].encode(), b'f' * 32)
        )
        (row,) = self.rows('history', code=3)
        self.assertEqual(('set', 'damaged'), (row['Kind'], row['Verified']))
        self.assertIn('is of project', self.err.said)

    def test_glance_refuses(self):
        answer = self.fake.glance.refuse(403, 'Forbidden')
        self.fake.fail(answer, 'GET glance', times=9)
        self.assertEqual([], self.rows('history', code=3))
        self.assertIn('cannot be listed', self.err.said)

    def test_plan_says_when(self):
        self.fake.cinder.add_volume('new', b'2')
        notes = {row['Name']: row['Notes'][-1] for row in self.rows('plan')}
        self.assertRegex(
            notes['data'], r'^Last backup .* ago, never verified\.$'
        )
        self.assertEqual('No backup yet.', notes['new'])
        self.rows('verify', '--depth', 'files')
        (row,) = self.rows('plan', '--volume', 'data')
        self.assertRegex(row['Notes'][-1], r', verified .* ago\.$')

    def test_plan_without_manifests(self):
        """What is not known is not said, and the plan is there."""
        answer = self.fake.glance.refuse(403, 'Forbidden')
        self.fake.fail(answer, 'GET glance', times=99, same=False)
        self.assertEqual(0, self.openstack('backup', 'plan', '-f', 'json'))
        self.assertNotIn('backup yet', self.out.said)
        self.assertNotIn('Last backup', self.out.said)
