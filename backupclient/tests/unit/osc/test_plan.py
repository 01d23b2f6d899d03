# SPDX-License-Identifier: Apache-2.0

import csv
import io
import json
import stat

from backupclient import documents
from backupclient.model import saved_plans
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

COLUMNS = [
    'Kind',
    'Name',
    'ID',
    'Size',
    'Procedure',
    'Consistency',
    'Result',
    'Notes',
]


class PlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.fake.cinder.add_volume('data', b'data', size=2)

    def test_json(self):
        (row,) = self.rows('plan')
        self.assertEqual(COLUMNS, list(row))
        self.assertEqual('volume', row['Kind'])
        self.assertEqual('data', row['Name'])
        self.assertEqual(self.volume['id'], row['ID'])
        self.assertEqual(2 << 30, row['Size'])
        self.assertEqual('volume-backup', row['Procedure'])
        self.assertIsInstance(row['Notes'], list)

    def test_csv(self):
        self.assertEqual(0, self.openstack('backup', 'plan', '-f', 'csv'))
        head, row = csv.reader(io.StringIO(self.out.said))
        self.assertEqual(COLUMNS, head)
        self.assertEqual(str(2 << 30), row[3])

    def test_value(self):
        words = ('backup', 'plan', '-f', 'value', '-c', 'ID')
        self.assertEqual(0, self.openstack(*words))
        self.assertEqual(f'{self.volume["id"]}\n', self.out.said)

    def test_table(self):
        self.assertEqual(0, self.openstack('backup', 'plan'))
        self.assertIn('2.0 GiB', self.out.said)

    def test_changes_nothing(self):
        self.rows('plan')
        self.assertEqual([], self.fake.asked('POST', 'PATCH', 'DELETE'))

    def test_summary_on_stderr(self):
        self.rows('plan', '--to', self.target)
        self.assertIn('1 of 1 resources can be backed up', self.err.said)
        self.assertIn('4.0 GiB to move, 2.0 GiB of it into', self.err.said)
        self.assertFalse(self.target.exists())

    def test_steps(self):
        rows = self.rows('plan', '--steps', '--to', self.target)
        self.assertEqual(['Kind', 'Name', 'Step', 'Command'], list(rows[0]))
        self.assertEqual(
            ['copy the volume to an image', 'download', 'delete the image'],
            [row['Step'] for row in rows],
        )
        self.assertIn(self.volume['id'], rows[0]['Command'])

    def test_incomplete(self):
        self.fake.cinder.add_volume('broken', status='error')
        rows = self.rows('plan', code=3)
        self.assertEqual(
            {'data': 'volume-backup', 'broken': 'none'},
            {row['Name']: row['Procedure'] for row in rows},
        )

    def test_save(self):
        file = self.root / 'a plan.json'
        self.rows('plan', '--save', file)
        saved = documents.read(file, saved_plans.Plan, 'saved plan')
        self.assertEqual('data', saved.items[0].resource.name)
        self.assertEqual(0, stat.S_IMODE(file.stat().st_mode) & 0o077)
        before = file.read_bytes()
        self.assertEqual(1, self.openstack('backup', 'plan', '--save', file))
        self.assertIn('not replaced', self.err.said)
        self.assertEqual(before, file.read_bytes())

    def test_sorted_by_size(self):
        """What has no size comes first."""
        server = self.fake.nova.add_server('web')
        self.fake.cinder.add_volume('large', size=3, server=server['id'])
        sort = ['--sort-column', 'Size']
        sizes = [row['Size'] for row in self.rows('plan', *sort)]
        self.assertEqual([None, 2 << 30, 3 << 30], sizes)

    def test_steps_of_a_server_that_is_stopped(self):
        server = self.fake.nova.add_server('web', b'root')['id']
        self.fake.cinder.add_volume('its', server=server)
        words = ['--server', 'web', '--to', self.root, '--stop-servers']
        steps = [
            (row['Name'], row['Command'].split()[1:3])
            for row in self.rows('plan', '--steps', *words)
        ]
        self.assertEqual(
            [
                ('web', ['server', 'stop']),
                ('web', ['server', 'image']),
                ('its', ['--os-volume-api-version', '3.66']),
                ('web', ['server', 'start']),
            ],
            steps[:4],
        )
        # The copies are brought out when it runs again.
        self.assertEqual(1, str(steps).count("'stop'"))
        self.assertEqual(1, str(steps).count("'start'"))

    def test_steps_of_servers_that_share_a_volume(self):
        one, two = (
            self.fake.nova.add_server(name, b'root')['id']
            for name in ('one', 'two')
        )
        volume = self.fake.cinder.add_volume('shared', server=one)
        volume['attachments'].append({'server_id': two, 'device': ''})
        words = ['--server', 'one', '--server', 'two', '--stop-servers']
        commands = [
            row['Command']
            for row in self.rows('plan', '--steps', '--to', self.root, *words)
        ]
        for server in one, two:
            stop, start = (
                commands.index(f'openstack server {verb} {server}')
                for verb in ('stop', 'start')
            )
            (capture,) = (
                number
                for number, each in enumerate(commands)
                if f'snapshot create --volume {volume["id"]}' in each
            )
            self.assertTrue(stop < capture < start, commands)
        self.assertEqual(4, ' '.join(commands).count('openstack server st'))

    def test_steps_of_a_locked_server(self):
        self.fake.nova.add_server('web', b'root', locked=True)
        words = ['--server', 'web', '--to', self.root, '--stop-servers']
        rows = self.rows('plan', '--steps', *words)
        self.assertNotIn('stop', [row['Step'] for row in rows])
        (row,) = self.rows('plan', *words)
        self.assertEqual('crash-consistent', row['Consistency'])
        self.assertIn('openstack server unlock', ' '.join(row['Notes']))

    def test_target_that_cannot_take_it(self):
        file = self.root / 'file'
        file.touch()
        for target in file, file / 'below', '/proc':
            self.rows('plan', '--to', target, code=3)
            self.assertIn(f'Caution: {target} ', self.err.said)

    def test_save_nowhere(self):
        """It is said before the project is read."""
        (self.root / 'file').touch()
        for file, text in (
            (self.root / 'no' / 'plan.json', f'{self.root / "no"} is not th'),
            (self.root / 'file' / 'plan.json', 'file is not a folder'),
            (self.root / ('x' * 300), 'File name too long'),
        ):
            words = ['backup', 'plan', '--save', file]
            self.assertEqual(1, self.openstack(*words))
            self.assertIn(f'{file} cannot be written: ', self.err.said)
            self.assertIn(text, self.err.said)
            self.assertNotIn('Errno', self.err.said)
        self.assertEqual([], self.fake.asked('GET'))
        words = ['backup', 'plan', '--save', '~/plan.json']
        self.assertEqual(2, self.openstack(*words))
        self.assertIn('$HOME', self.err.said)

    def test_wrong_arguments(self):
        for words in (
            ['--volume', 'no-such'],
            ['--keep-images'],
            ['--full', '--incremental'],
            ['--volume-method', 'magic'],
            ['--exclude', 'data'],
            ['--exclude', 'planet/earth'],
            ['--match', '=x'],
            ['--encrypt-to', 'age1nonsense'],
            ['--encrypt-to', '/no/such/file'],
            ['--unknown'],
            ['--to', ''],
            ['--save', ''],
            ['--volume', ''],
            ['-c', 'Step'],
            ['--steps', '-c', 'Notes'],
        ):
            code = self.openstack('backup', 'plan', *words)
            self.assertEqual(2, code, (words, self.err.said))
            self.assertEqual('', self.out.said)
            self.assertTrue(self.err.said.strip(), words)

    def test_cloud_that_fails(self):
        answer = wire.Answer(400, {'badRequest': {'message': 'so broken'}})
        self.fake.fail(answer, 'GET cinder /volumes/detail')
        self.assertEqual(3, self.openstack('backup', 'plan'))
        self.assertIn('so broken', self.err.said)
        self.assertNotIn('Traceback', self.err.said)

    def test_selection(self):
        self.fake.cinder.add_volume('other')
        for words, names in (
            (['--volume', 'other'], {'other'}),
            (['--volume', self.volume['id']], {'data'}),
            (['--all', '--exclude', 'volume/other'], {'data'}),
            (['--all'], {'data', 'other'}),
        ):
            rows = self.rows('plan', *words)
            self.assertEqual(names, {row['Name'] for row in rows})


class HostileNamesTestCase(base.TestCase):
    """Names are data: a terminal hears none of them."""

    NAMES = (
        'red \x1b[31m alert',
        'title \x1b]0;owned\x07',
        'two\nlines',
        'back\rwards',
        'right\u202eleft',
        'nul\0',
        'csi \x9b31m',
    )
    RAW = ('\x1b', '\x07', '\r', '\u202e', '\0', '\x9b')

    def test_tables(self):
        self.fake.cinder.limits['backups'] = 99
        for name in self.NAMES:
            self.fake.cinder.add_volume(name, b'x')
        for words in (
            ['plan'],
            ['plan', '--steps', '--to', self.target],
            ['run', '--all'],
        ):
            for terminal in (False, True):
                self.assertEqual(
                    0, self.openstack('backup', *words, terminal=terminal)
                )
                for raw in self.RAW:
                    self.assertNotIn(raw, self.out.said, (words, terminal))
                if not terminal:
                    for raw in self.RAW:
                        self.assertNotIn(raw, self.err.said, words)

    def test_line_breaks_and_what_looks_like_them(self):
        """A program that reads values or CSV can tell them apart."""
        names = ['a\nb', r'a\nb', '\\']
        for name in names:
            self.fake.cinder.add_volume(name, b'data')
        chosen = ('plan', '-c', 'Name', '--volume')
        for name, shown in zip(names, (r'a\nb', r'a\\nb', r'\\'), strict=True):
            words = ('backup', *chosen, name)
            self.openstack(*words, '-f', 'value')
            self.assertEqual(f'{shown}\n', self.out.said)
            self.openstack(*words, '-f', 'csv')
            # What cliff writes has backslashes before quotes, and before
            # themselves.
            text = io.StringIO(self.out.said, newline='')
            _, row = csv.reader(text, escapechar='\\')
            self.assertEqual([shown], row)
            self.openstack(*words, '-f', 'json')
            self.assertEqual([{'Name': name}], json.loads(self.out.said))

    def test_errors(self):
        self.fake.cinder.add_volume(self.NAMES[0])
        self.fake.cinder.add_volume(self.NAMES[0])
        words = ['backup', 'plan', '--volume', self.NAMES[0]]
        self.assertEqual(2, self.openstack(*words))
        self.assertNotIn('\x1b', self.err.said)

    def test_machines_get_them_as_they_are(self):
        for name in self.NAMES:
            self.fake.cinder.add_volume(name, b'x')
        rows = self.rows('plan')
        self.assertEqual({*self.NAMES}, {row['Name'] for row in rows})
        json.dumps(rows)
