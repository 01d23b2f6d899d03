# SPDX-License-Identifier: Apache-2.0

import json
import re

from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


class RunTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data' * 9000)

    def test_complete(self):
        (row,) = self.rows('run', '--all', '--to', self.target)
        self.assertEqual(
            [
                'Kind',
                'Name',
                'ID',
                'Procedure',
                'Outcome',
                'Result',
                'Size',
                'Seconds',
                'Notes',
            ],
            list(row),
        )
        self.assertEqual('complete', row['Outcome'])
        self.assertEqual(f'volumes/{self.volume["id"]}.raw', row['Result'])
        self.assertEqual(36_000, row['Size'])

    def test_talk_is_on_stderr(self):
        self.rows('run', '--all', '--to', self.target)
        lines = self.err.said.splitlines()
        found = re.fullmatch(r'Run (\d{8}T\d{6}Z-[a-z]{4})', lines[0])
        run = found.group(1)
        label = f'volume "data" ({self.volume["id"]})'
        now = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d '
        steps = [
            'copy the volume to an image',
            'download',
            'delete the image',
            'complete',
        ]
        for line, step in zip(lines[1:5], steps, strict=True):
            self.assertRegex(line, f'^{now}{re.escape(label)}: {step}$')
        self.assertEqual(
            [
                f'Run {run}',
                f'Backup set: {self.target / run}',
                '1 complete, 0 failed, 0 skipped; 35.2 KiB in 1 s',
            ],
            lines[5:],
        )

    def test_live(self):
        """On a terminal the lines move; what it says stays."""
        words = ['backup', 'run', '--all', '-f', 'json']
        self.assertEqual(0, self.openstack(*words, terminal=True))
        self.assertEqual(1, len(json.loads(self.out.said)))
        self.assertIn('complete', self.err.said)

    def test_quiet_pipes(self):
        words = ['backup', 'run', '--all', '-f', 'value', '-c', 'Outcome']
        self.assertEqual(0, self.openstack(*words))
        self.assertEqual('complete\n', self.out.said)
        self.assertNotIn('\x1b', self.err.said)

    def test_incomplete(self):
        self.fake.cinder.add_volume('broken', status='error')
        rows = self.rows('run', '--all', code=3)
        self.assertEqual(
            {'data': 'complete', 'broken': 'skipped'},
            {row['Name']: row['Outcome'] for row in rows},
        )
        self.assertIn('1 complete, 0 failed, 1 skipped', self.err.said)

    def test_what_may_not_be_read(self):
        """What was not looked at is not backed up, and that is said."""
        self.fake.barbican.add_secret('password', b'secret')
        words = ['--to', self.target, '--plaintext-keys']
        self.fake.fail(REFUSED, 'GET barbican', times=99, same=False)
        self.assertEqual(1, len(self.rows('run', '--all', *words, code=3)))
        self.assertIn('no (HTTP 403)', self.err.said)
        self.assertEqual(1, len(self.rows('plan', *words, code=3)))
        # Nobody asked for these.
        self.rows('run', '--volume', 'data', *words)
        self.rows('run', '--all')
        self.fake.fail(REFUSED, 'GET cinder /volumes', times=99, same=False)
        self.assertEqual([], self.rows('run', '--all', *words, code=1))
        self.assertIn('list the volumes', self.err.said)

    def test_says_what_the_plan_said(self):
        self.fake.glance.add_image('golden', b'gold')
        self.rows('run', '--all')
        said = self.err.said.splitlines()
        self.assertRegex(said[0], '^Run ')
        self.assertIn('1 image', said[1])
        self.assertIn('--to', said[1])

    def test_nothing_done(self):
        self.fake.fail(REFUSED, 'POST cinder', times=9)
        (row,) = self.rows('run', '--all', code=1)
        self.assertEqual('failed', row['Outcome'])
        self.assertIn('no (HTTP 403)', ' '.join(row['Notes']))

    def test_name(self):
        self.rows('run', '--all', '--name', 'nightly')
        (backup,) = self.fake.world.things['backups'].values()
        self.assertEqual('nightly-data', backup['name'])

    def test_wrong_arguments(self):
        plan = self.root / 'plan.json'
        for words in (
            [],
            ['--replan', '--all'],
            ['--plan', plan, '--all'],
            ['--plan', plan, '--to', self.target],
            ['--resume', 'last', '--volume', 'data'],
            ['--resume', 'last', '--plan', plan],
            ['--resume', 'last', '--parallel', '2'],
            ['--resume', 'last', '--timeout', '5'],
            ['--resume', 'last', '--name', 'other'],
            ['--all', '--parallel', '0'],
            ['--all', '--parallel', 'many'],
            ['--all', '--timeout', '-1'],
            ['--all', '--timeout', '9' * 400],
            ['--all', '--to', ''],
            ['--all', '-c', 'Nmae'],
            ['--plan', ''],
            ['--plan', plan, '--keep-images'],
            ['--all', '--plaintext-keys', '--encrypt-to', 'age1'],
            ['--resume', 'last'],
            ['--resume', 'nothing'],
        ):
            code = self.openstack('backup', 'run', *words)
            self.assertEqual(2, code, (words, self.err.said))
            self.assertEqual('', self.out.said)
            self.assertTrue(self.err.said.strip(), words)
        self.assertEqual([], self.fake.asked('POST'))

    def test_interrupted_and_resumed(self):
        self.stop_at = 1
        (row,) = self.rows('run', '--all', '--to', self.target, code=130)
        self.assertEqual('skipped', row['Outcome'])
        found = re.search('openstack backup run --resume (.+)', self.err.said)
        self.stop_at = 0
        (row,) = self.rows('run', '--resume', found.group(1))
        self.assertEqual('complete', row['Outcome'])
        self.assertEqual(
            2, self.openstack('backup', 'run', '--resume', 'last')
        )

    def test_target_that_cannot_be(self):
        self.target.write_text('a file')
        words = ['backup', 'run', '--all', '--to', self.target]
        self.assertEqual(1, self.openstack(*words))
        self.assertIn(str(self.target), self.err.said)
        self.assertEqual([], self.fake.asked('POST'))


class SavedPlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data')
        self.file = self.root / 'plan.json'
        self.rows('plan', '--to', self.target, '--save', self.file)

    def test_unchanged(self):
        (row,) = self.rows('run', '--plan', self.file)
        self.assertEqual('complete', row['Outcome'])
        self.assertTrue(self.target.is_dir())

    def test_changed(self):
        self.volume['size'] = 2
        (row,) = self.rows('run', '--plan', self.file, code=1)
        self.assertEqual('skipped', row['Outcome'])
        self.assertIn('its size was', self.err.said)
        (row,) = self.rows('run', '--plan', self.file, '--replan')
        self.assertEqual('complete', row['Outcome'])

    def test_what_may_not_be_read(self):
        """It is as incomplete as a run without a saved plan."""
        file = self.root / 'all.json'
        self.rows('plan', '--all', '--save', file)
        self.fake.fail(REFUSED, 'GET nova /servers', times=99, same=False)
        self.rows('run', '--plan', file, code=3)
        self.assertIn('list the servers', self.err.said)

    def test_renamed_and_gone(self):
        other = self.fake.cinder.add_volume('other', b'data')
        file = self.root / 'named.json'
        named = ['--volume', 'data', '--volume', 'other']
        self.rows('plan', '--to', self.target, *named, '--save', file)
        self.volume['name'] = 'renamed'
        self.fake.remove('volumes', other['id'])
        for words in [], ['--replan']:
            rows = self.rows('run', '--plan', file, *words, code=3)
            self.assertEqual(
                [('renamed', 'complete'), ('other', 'skipped')],
                [(row['Name'], row['Outcome']) for row in rows],
            )
            self.assertIn('no longer there', self.err.said)

    def test_new_ones_stay_out(self):
        self.fake.cinder.add_volume('later', b'data')
        for words in [], ['--replan']:
            (row,) = self.rows('run', '--plan', self.file, *words)
            self.assertEqual('data', row['Name'])
            self.assertIn('"later"', self.err.said)

    def test_damaged(self):
        for text in ('', '{}', '[]', '{"version": 99}'):
            self.file.write_text(text)
            words = ['backup', 'run', '--plan', self.file]
            self.assertEqual(1, self.openstack(*words))
            self.assertIn(str(self.file), self.err.said)
            self.assertNotIn('Traceback', self.err.said)
