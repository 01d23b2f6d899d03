# SPDX-License-Identifier: Apache-2.0
"""What ``backup restore --dry-run`` and ``--save`` say."""

import json

import pyrage

from backupclient.tests.unit.osc import base


class RestorePlanTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.fake.glance.add_image('golden', b'golden' * 99)
        self.rows('run', '--all', '--to', self.target)
        self.words = ('restore', '--from', self.target, '--all')

    def test_dry_run(self):
        """Nothing is made."""
        before = self.fake.world.holdings()
        (row,) = self.rows(*self.words, '--dry-run')
        self.assertEqual('image-upload', row['Procedure'])
        self.assertIn('1 of 1 resources can be restored;', self.err.said)
        self.assertEqual(before, self.fake.world.holdings())

    def test_what_exists_already_is_counted_apart(self):
        (row,) = self.rows(*self.words, '--dry-run', '--skip-existing')
        self.assertEqual('none', row['Procedure'])
        self.assertIn(
            '0 of 1 resources can be restored, 1 exists already; 0 B to move',
            self.err.said,
        )

    def test_saved(self):
        """The command that carries it out is named, and works."""
        file = self.root / 'the plan.json'
        self.rows(*self.words, '--save', file, '--suffix=-new')
        self.assertIn(
            f"openstack backup restore --plan '{file}'", self.err.said
        )
        self.assertIn('The new names end in "-new".', self.err.said)
        (row,) = self.rows('restore', '--plan', file)
        self.assertEqual('complete', row['Outcome'])
        made = self.fake.world.things['images'][row['Restored']]
        self.assertEqual('golden-new', made['name'])

    def test_unknown_field(self):
        """As in a saved plan of "run": it is refused, and named."""
        file = self.root / 'plan.json'
        self.rows(*self.words, '--save', file, '--suffix=-new')
        saved = json.loads(file.read_text())
        task = saved['items'][0]['restore']
        for place, where in (
            (saved['restore'], '$.restore'),
            (task, '$.items[0].restore'),
            (task['source'], '$.items[0].restore.source'),
        ):
            place['visiblity'] = 'public'
            file.write_text(json.dumps(saved))
            words = ('backup', 'restore', '--plan', file)
            self.assertEqual(1, self.openstack(*words))
            self.assertIn(
                f'unknown field `visiblity` - at `{where}`', self.err.said
            )
            del place['visiblity']
        self.assertEqual([], self.fake.asked('POST'))

    def seal(self):
        """Back a secret up, encrypted.

        :returns: the private key, as a file.
        """
        key = pyrage.x25519.Identity.generate()
        self.fake.barbican.add_secret('password', b'secret')
        self.target = self.root / 'sealed'
        recipient = ('--encrypt-to', str(key.to_public()))
        self.rows('run', '--all', '--to', self.target, *recipient)
        return self.private(key)

    def private(self, key):
        file = self.root / f'{key.to_public()}.txt'
        file.write_text(f'{key}\n')
        return file

    def test_identity_is_asked_for_again(self):
        """A resumed restore does not know the keys of its first part."""
        # Its restore has waits, so that it can be stopped; one flow at a
        # time, so that the first wait is not that of the clean-up.
        self.fake.cinder.add_volume('data', b'data')
        file = self.seal()
        self.stop_at = 1
        words = ('restore', '--from', self.target, '--all', '--parallel', '1')
        code = self.openstack('backup', *words, '--identity', file)
        self.assertEqual(130, code)
        self.assertRegex(
            self.err.said, 'backup restore --resume [^ ]+ --identity FILE'
        )

    def test_wrong_identity(self):
        """The plan knows, before anything is made."""
        right = self.seal()
        wrong = self.private(pyrage.x25519.Identity.generate())
        for file, code in ((wrong, 3), (right, 0)):
            words = ('--from', self.target, '--secret', 'password')
            (row,) = self.rows(
                'restore', *words, '--identity', file, '--dry-run', code=code
            )
            refused = code == 3
            self.assertEqual(refused, row['Procedure'] == 'none')
            self.assertEqual(
                refused, 'not decrypted by the given' in self.err.said
            )
