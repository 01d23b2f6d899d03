# SPDX-License-Identifier: Apache-2.0
"""The command, as a person types it."""

import shutil

import fixtures

from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.osc import base

DATA = b'data' * 5000


class RestoreTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.fake.cinder.add_volume('data', DATA)
        self.fake.barbican.add_secret('word', b'sesame')
        self.rows(
            'run', '--all', '--to', self.target, '--plaintext-keys', code=0
        )

    def restore(self, *words, code=0):
        return self.rows('restore', '--from', self.target, *words, code=code)

    def refused(self, *words):
        found = self.openstack('backup', 'restore', *words)
        self.assertEqual(2, found, self.err.said)
        self.assertEqual('', self.out.said)
        return self.err.said

    def test_rows(self):
        rows = self.restore('--all', '--suffix', '.new')
        self.assertEqual(
            [
                'Kind',
                'Name',
                'ID',
                'Restored',
                'Outcome',
                'Size',
                'Seconds',
                'Notes',
            ],
            list(rows[0]),
        )
        self.assertEqual(
            {('secret', 'complete'), ('volume', 'complete')},
            {(row['Kind'], row['Outcome']) for row in rows},
        )
        names = [v['name'] for v in self.fake.world.things['volumes'].values()]
        self.assertEqual(['data', 'data.new'], names)
        self.assertIn('The new names end in ".new".', self.err.said)

    def test_suffix_that_no_cloud_takes(self):
        """Nothing is cut in silence, and no name has a line break."""
        self.fake.seen.clear()
        for suffix, why in (
            ('x' * 101, 'it has 101 characters. At most 100'),
            ('x' * 300, '300 characters'),
            ('a\nb', 'character 2 is U+000A, a line break'),
            ('\u202ea', 'character 1 is U+202E'),
            ('a ', 'ends with a blank'),
        ):
            words = ('--from', self.target, '--all', '--suffix', suffix)
            said = self.refused(*words)
            self.assertIn('argument --suffix: ', said)
            self.assertIn(why, said)
        self.assertEqual([], self.fake.seen)
        self.restore('--all', '--dry-run', '--suffix', '\u6771' * 100)

    def test_names_that_are_cut(self):
        self.fake.cinder.add_volume('x' * 200, DATA)
        self.rows('run', '--volume', 'x' * 200, '--to', self.target)
        words = ('--volume', 'x' * 200, '--suffix', 'y' * 60)
        (row,) = self.restore(*words)
        self.assertIn('is cut to 255 characters', self.err.said)
        self.assertIn('is cut to 255 characters', ' '.join(row['Notes']))
        names = [v['name'] for v in self.fake.world.things['volumes'].values()]
        self.assertIn('x' * 192 + '...' + 'y' * 60, names)

    def test_dry_run(self):
        before = self.fake.world.holdings()
        rows = self.restore('--all', '--dry-run')
        self.assertEqual(
            ['Kind', 'Name', 'ID', 'Procedure', 'Result', 'Size', 'Notes'],
            list(rows[0]),
        )
        rows = self.restore('--all', '--dry-run', '--steps')
        self.assertEqual(['Kind', 'Name', 'Step', 'Command'], list(rows[0]))
        self.assertEqual(before, self.fake.world.holdings())

    def test_no_complete_backup(self):
        """Why is said once, by the plan and by the restore."""
        self.fake.cinder.add_volume('broken', status='error')
        target = self.root / 'others'
        self.rows('run', '--volume', 'broken', '--to', target, code=1)
        volumes = ('--volume', 'data', '--volume', 'broken')
        self.rows('run', *volumes, '--to', target, code=3)
        words = ('restore', '--from', target, '--all', '--suffix=.new')
        for more in ('--dry-run', '--long'), ('--long',):
            self.openstack('backup', *words, *more)
            (line,) = (
                line
                for line in self.err.said.splitlines()
                if line.startswith('volume "broken"')
            )
            self.assertEqual(1, line.count('no complete backup of it'), line)
            self.assertEqual(1, line.count('Its state "error"'), line)
            self.assertEqual(
                1, self.out.said.count('no complete backup'), self.out.said
            )

    def test_files_without_a_login(self):
        for name in fake_cloud.ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name, None))
        self.fake.seen.clear()
        out = self.root / 'out'
        rows = self.restore('--all', '--to-files', out)
        self.assertEqual({'complete'}, {row['Outcome'] for row in rows})
        self.assertEqual([], self.fake.seen)
        (file,) = out.glob('volumes/*')
        self.assertEqual(DATA, file.read_bytes())

    def test_files_among_the_backups(self):
        """They would keep the set from being deleted."""
        copied = self.root / 'copied'
        (one,) = self.target.iterdir()
        shutil.copytree(one, copied)
        link = self.root / 'link'
        link.symlink_to(self.target)
        for folder in (self.target, self.target / 'new', one, link, copied):
            said = self.refused(
                *('--from', self.target, '--all', '--to-files', folder)
            )
            self.assertIn('has backups. Choose a directory outside', said)
        self.assertEqual([one], list(self.target.iterdir()))

    def test_folder_for_files_that_cannot_be(self):
        """It is said with the folder at fault, and nothing is read."""
        file, link = self.root / 'file', self.root / 'link'
        file.touch()
        link.symlink_to(link)
        away = self.root / 'no' / 'such' / 'folder'
        for folder, text in (
            (self.root / ('x' * 300), 'File name too long'),
            (self.root / ('x' * 300) / 'a', 'File name too long'),
            (file, f'{file} is not a folder.'),
            (file / 'below', f'{file} is not a folder.'),
            (link, f'{link} is a link to'),
            (away, f'{self.root / "no"} is not there'),
            (away, f'mkdir -p {away.parent}'),
        ):
            words = ('--from', self.target, '--all', '--to-files', folder)
            code = self.openstack('backup', 'restore', *words)
            self.assertEqual((1, ''), (code, self.out.said), folder)
            (said,) = self.err.said.splitlines()
            self.assertIn(f'No files can be written to {folder}: ', said)
            self.assertIn(text, said)
            self.assertNotIn('Errno', said)

    def test_wrong_words(self):
        target = ('--from', self.target)
        files = ('--to-files', self.root / 'out')
        plan = ('--plan', self.root / 'plan.json')
        for words, said in (
            ((), 'Say what to restore'),
            (target, 'Say what to restore'),
            ((*target, '--all', '--steps'), '--dry-run'),
            ((*target, '--all', '--image', 'golden'), '--all restores'),
            ((*target, '--all', '--match', 'a=b'), '--all restores'),
            ((*target, '--all', '--replan'), '--plan'),
            ((*target, '--all', *plan), 'without them'),
            (('--resume', 'last', '--parallel', '2'), 'without them'),
            (('--all', *files), '--from'),
            ((*target, '--all', *files, '--dry-run'), '--dry-run says'),
            ((*target, '--all', *files, '--save', 'x'), '--save says'),
            ((*target, '--all', *files, '--suffix', 'x'), '--suffix says'),
            ((*target, '--all', *files, '--flavor', 'a=b'), '--flavor says'),
            ((*target, '--all', '--flavor', 'a'), 'OLD=NEW'),
            ((*target, '--all', '--at', 'x'), 'no time'),
            ((*target, '--all', '--run', 'x'), 'not the ID of a run'),
            ((*target, '--volume', 'x'), 'No volume has the name'),
        ):
            self.assertIn(said, self.refused(*words), words)
        self.assertFalse((self.root / 'out').exists())


class EmptySecretTestCase(base.TestCase):
    """A secret without a payload: the manifest has all that there is of it."""

    def setUp(self):
        super().setUp()
        self.fake.barbican.add_secret('empty', b'', content_types={})
        for _ in range(2):
            self.rows('run', '--all', '--to', self.target, code=0)

    def test_it_comes_back(self):
        [row] = self.rows(
            *('restore', '--from', self.target, '--all', '--suffix', '.new'),
            code=0,
        )
        self.assertEqual('complete', row['Outcome'])
        secrets = self.fake.world.things['secrets']
        new = secrets[row['Restored']]
        self.assertEqual('empty.new', new['name'])
        self.assertNotIn(row['Restored'], self.fake.world.content)

    def test_its_set_is_good(self):
        [row] = self.rows('verify', '--from', self.target, code=0)
        self.assertEqual('good', row['Result'])
        rows = self.rows('history', '--from', self.target, code=0)
        self.assertEqual({'complete'}, {row['State'] for row in rows})

    def test_its_sets_are_pruned(self):
        words = ('--from', self.target, '--keep-last', '1', '--yes')
        rows = self.rows('prune', *words, code=0)
        self.assertEqual(
            ['deleted', 'keep'], sorted(row['Action'] for row in rows)
        )
