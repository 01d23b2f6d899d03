# SPDX-License-Identifier: Apache-2.0

import json
import os
import re

import fixtures

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

    def test_limit_rate(self):
        words = ('--all', '--to', self.target, '--limit-rate', '3')
        (row,) = self.rows('run', *words)
        self.assertEqual('complete', row['Outcome'])
        (run,) = self.root.glob('state/openstack-backup/*/run.json')
        self.assertEqual(3 << 20, json.loads(run.read_text())['limit_rate'])

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

    def test_nothing_done_with_a_target(self):
        self.fake.fail(REFUSED, 'POST cinder', times=9)
        self.rows('run', '--all', '--to', self.target, code=1)
        (folder,) = (self.target / '.failed').iterdir()
        lines = self.err.said.splitlines()
        self.assertIn(
            f'No backup set; what failed is noted in: {folder}', lines
        )
        self.assertNotIn('Backup set: ', self.err.said)

    def test_deleted_meanwhile(self):
        """It is told as that, and nobody is sent after what is gone."""
        server = self.fake.nova.add_server('web', b'root' * 1000)
        other = self.fake.cinder.add_volume('other')

        def delete():
            self.fake.world.remove('servers', server['id'])
            for id_, image in [*self.fake.world.things['images'].items()]:
                if server['id'] in image['name']:
                    self.fake.world.remove('images', id_)

        self.fake.fail(delete, f'GET nova /servers/{server["id"]}')
        self.fake.fail(REFUSED, f'POST cinder /volumes/{other["id"]}', times=9)
        words = ['--all', '--to', self.target, '--volume-method', 'image']
        rows = self.rows('run', *words, code=3)
        outcomes = {row['Name']: row['Outcome'] for row in rows}
        self.assertEqual(
            {'web': 'failed', 'data': 'complete', 'other': 'failed'}, outcomes
        )
        label = f'The server "web" ({server["id"]})'
        self.assertIn(f'{label} was deleted during the backup.', self.err.said)
        again = self.err.said.splitlines()[-1]
        self.assertIn(f'backup run --volume {other["id"]} --to', again)
        self.assertNotIn('--server', again)

    def test_name(self):
        self.rows('run', '--all', '--name', 'nightly')
        (backup,) = self.fake.world.things['backups'].values()
        self.assertEqual('nightly-data', backup['name'])

    def test_name_for_resources_that_share_theirs(self):
        twin = self.fake.cinder.add_volume('data')
        rows = self.rows('run', '--all', '--name', 'nightly')
        backups = self.fake.world.things['backups']
        names = {row['ID']: backups[row['Result']]['name'] for row in rows}
        self.assertEqual(f'nightly-data-{twin["id"]}', names[twin['id']])
        self.assertEqual(len(rows), len(set(names.values())))

    def test_kept_images_have_the_names(self):
        """A person sees of what each image is, however it was made."""
        server = self.fake.nova.add_server('web', b'root')['id']
        self.fake.cinder.add_volume('in use', b'w', server=server)
        target = self.root / 'backups'
        rows = self.rows('run', '--all', '--to', target, '--keep-images')
        images = self.fake.world.things['images'].values()
        names = [each['name'] for each in images]
        self.assertEqual(3, len(rows))
        for row in rows:
            (name,) = (name for name in names if row['ID'] in name)
            kind_and_id = f'-{row["Kind"]}-{row["ID"]} ({row["Name"]})'
            self.assertTrue(name.endswith(kind_and_id), name)
        self.assertEqual(
            {'server-image', 'snapshot-image', 'volume-image'},
            {row['Procedure'] for row in rows},
        )

    def test_name_that_no_cloud_takes(self):
        for name, why in (
            ('x' * 201, 'it has 201 characters. At most 200'),
            ('x' * 300, '300 characters'),
            ('\u6771' * 201, '201 characters'),
            ('a\nb', 'character 2 is U+000A, a line break'),
            ('\x1b[31m', 'character 1 is U+001B'),
            ('a\u2028', 'U+2028'),
            ('a\u202eb', 'U+202E'),
            ('a\udc80', 'U+DC80'),
        ):
            words = ['run', '--all', '--name', name]
            self.assertEqual(2, self.openstack('backup', *words), name)
            self.assertIn('argument --name: ', self.err.said)
            self.assertIn(why, self.err.said)
            self.assertEqual([], self.fake.seen)

    def test_the_longest_name(self):
        self.rows('run', '--all', '--name', '\u6771' * 200)
        (backup,) = self.fake.world.things['backups'].values()
        self.assertEqual('\u6771' * 200 + '-data', backup['name'])

    def test_wrong_arguments(self):
        plan = self.root / 'plan.json'
        for words in (
            [],
            ['--replan', '--all'],
            ['--plan', plan, '--all'],
            ['--plan', plan, '--all', '--to', self.target],
            ['--resume', 'last', '--volume', 'data'],
            ['--resume', 'last', '--plan', plan],
            ['--resume', 'last', '--parallel', '2'],
            ['--resume', 'last', '--timeout', '5'],
            ['--resume', 'last', '--limit-rate', '5'],
            ['--resume', 'last', '--name', 'other'],
            ['--all', '--parallel', '0'],
            ['--all', '--parallel', 'many'],
            ['--all', '--limit-rate', '0'],
            ['--all', '--timeout', '-1'],
            ['--all', '--timeout', '9' * 400],
            ['--all', '--to', ''],
            ['--all', '--to', 's3://bucket'],
            ['--all', '--to', 'restic:'],
            ['--all', '--to', 'rclone:remote'],
            ['--all', '--to', '~/backups'],
            ['--plan', '~/plan.json'],
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

    def _refused_at_once(self, *words):
        said = self._refused_once(*words)
        self.assertFalse((self.root / 'state').is_dir())
        return said

    def _refused_once(self, *words):
        self.fake.seen.clear()
        self.assertEqual(1, self.openstack('backup', 'run', '--all', *words))
        self.assertEqual('', self.out.said)
        self.assertEqual(1, len(self.err.said.splitlines()), self.err.said)
        self.assertNotIn('Errno', self.err.said)
        self.assertEqual([], self.fake.asked('POST'))
        return self.err.said

    def test_target_that_cannot_be(self):
        """It is said before a run begins, with the folder at fault."""
        file, link = self.root / 'file', self.root / 'link'
        file.touch()
        link.symlink_to(self.root / 'unmounted')
        away = self.root / 'unmounted' / 'a' / 'b'
        for target, text in (
            (file, f'{file} is not a folder'),
            (file / 'below', f'{file} is not a folder'),
            (link, f'link to {self.root / "unmounted"}, which is not there'),
            (link / 'below', 'which is not there'),
            (away, f'{self.root / "unmounted"} is not there'),
            (away, f'mkdir -p {away.parent}'),
            (self.root / ('x' * 300), 'File name too long'),
        ):
            self.assertIn(text, self._refused_at_once('--to', target))
        self.assertFalse((self.root / 'unmounted').exists())

    def test_target_that_is_none(self):
        """Targets of other tools: the error names the right form."""
        for target, text in (
            ('s3://bucket', 'not on this machine'),
            ('swift://a', 'not on this machine'),
            ('s3:bucket', 'or restic:REPOSITORY, or rclone:REMOTE:PATH'),
            ('ann@there:/srv', 'A target is the path of a folder'),
            ('~/x', 'the shell has not replaced the "~"'),
            ('~ann/x', 'Leave out the quotes'),
        ):
            for verb in 'run', 'plan':
                words = ['backup', verb, '--all', '--to', target]
                self.assertEqual(2, self.openstack(*words))
                (said,) = self.err.said.splitlines()
                self.assertIn(f'"{target}" cannot be the target: ', said)
                self.assertIn(text, said)
        self.assertEqual([], self.fake.seen)

    def test_target_below_a_missing_folder(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.root)
        said = self._refused_at_once('--to', 'rel/path')
        self.assertIn(f'{self.root / "rel"} is not there', said)
        self.assertIn(f'mkdir -p {self.root / "rel"}', said)

    def test_target_whose_path_is_too_long(self):
        """Each name in it is short enough, and so is the whole."""
        target = self.root
        while len(str(target)) < 3700:
            target /= 'd' * 90
        target.mkdir(parents=True)
        longest = target / ('e' * (3800 - len(str(target)) - 1))
        self.rows('run', '--all', '--to', longest)
        said = self._refused_once('--to', f'{longest}e')
        self.assertIn('too long: it has 3801 bytes', said)

    def test_target_below_a_folder_that_is_gone(self):
        self.addCleanup(os.chdir, os.getcwd())
        gone = self.root / 'gone'
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
        words = ['backup', 'run', '--all', '--to', 'backups']
        self.assertEqual(2, self.openstack(*words))
        self.assertIn('current folder, which is gone', self.err.said)

    def test_target_that_cannot_be_written_to(self):
        self.target.mkdir()
        real = os.access
        self.useFixture(
            fixtures.MonkeyPatch(
                'os.access',
                lambda path, mode: path != self.target and real(path, mode),
            )
        )
        for target in self.target, self.target / 'below':
            said = self._refused_at_once('--to', target)
            self.assertIn(f'{self.target} is not a folder that you', said)

    def test_state_folder_that_cannot_be(self):
        file, link = self.root / 'file', self.root / 'link'
        file.touch()
        link.symlink_to(self.root / 'unmounted')
        for state, text in (
            (file, f'{file} is not a folder'),
            (link, f'link to {self.root / "unmounted"}, which is not there'),
            (self.root / ('x' * 300), 'File name too long'),
        ):
            self.useFixture(
                fixtures.EnvironmentVariable('XDG_STATE_HOME', str(state))
            )
            said = self._refused_at_once('--to', self.target)
            self.assertIn(text, said)
            self.assertIn('XDG_STATE_HOME', said)
            self.assertEqual([], [*self.target.glob('*')])
        # The folders above it are made.
        state = self.root / 'a' / 'b' / 'c'
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(state))
        )
        self.rows('run', '--all', '--to', self.target)
        self.assertTrue((state / 'openstack-backup').is_dir())


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

    def test_unknown_field(self):
        """A misspelt option is no option: it is refused, and named."""
        saved = json.loads(self.file.read_text())
        for place, where in (
            (saved, '$'),
            (saved['request'], '$.request'),
            (saved['items'][0], '$.items[0]'),
            (saved['items'][0]['volume'], '$.items[0].volume'),
        ):
            place['stop_server'] = True
            self.file.write_text(json.dumps(saved))
            words = ['backup', 'run', '--plan', self.file]
            self.assertEqual(1, self.openstack(*words))
            self.assertIn(
                f'unknown field `stop_server` - at `{where}`', self.err.said
            )
            del place['stop_server']
        self.assertEqual([], self.fake.asked('POST'))
        # What are names there, and not fields, may be any.
        saved['items'][0]['volume']['metadata']['stop_server'] = 'yes'
        self.file.write_text(json.dumps(saved))
        self.rows('run', '--plan', self.file)

    def test_plan_of_an_earlier_release(self):
        """Fields that are newer than it have their defaults."""
        saved = json.loads(self.file.read_text())
        for item in saved['items']:
            for newer in 'parts', 'stops':
                del item[newer]
        self.file.write_text(json.dumps(saved))
        self.rows('run', '--plan', self.file)

    def test_damaged(self):
        for text in ('', '{}', '[]', '{"version": 99}'):
            self.file.write_text(text)
            words = ['backup', 'run', '--plan', self.file]
            self.assertEqual(1, self.openstack(*words))
            self.assertIn(str(self.file), self.err.said)
            self.assertNotIn('Traceback', self.err.said)
