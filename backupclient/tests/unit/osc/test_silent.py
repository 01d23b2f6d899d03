# SPDX-License-Identifier: Apache-2.0
"""Services that do not answer: what can be planned without them is."""

from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.osc import base

GONE = wire.Answer(404, content=b'<html><h1>Not Found</h1></html>')
DOWN = 'refuses to connect'
SILENCES = (wire.Lost(), GONE, wire.Answer(503), DOWN)


class SilentTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        key = self.fake.barbican.add_secret('', b'k' * 32)
        self.fake.barbican.add_secret('word', b'sesame', secret_type='opaque')
        server = self.fake.nova.add_server('web', b'root' * 1000)
        self.fake.cinder.add_volume('data', b'd' * 9000, server=server['id'])
        self.fake.cinder.add_volume('plain', b'p' * 9000)
        self.fake.cinder.add_volume(
            'luks',
            b'l' * 9000,
            encrypted=True,
            encryption_key_id=key['id'],
        )
        self.fake.glance.add_image('golden', b'gold' * 777)
        self.to = ('--to', self.target, '--plaintext-keys')

    def silence(self, text, how=SILENCES[0]):
        self.fake.faults.clear()
        self.fake.down.clear()
        if how is DOWN:
            self.fake.down.add(text.split()[1])
        else:
            self.fake.fail(how, text, times=10**6, same=False)

    def plan(self, *words, code=3):
        """Plan, and give the procedures by the names."""
        rows = self.rows('plan', *words, code=code)
        self.notes = {row['Name']: ' '.join(row['Notes']) for row in rows}
        return {row['Name']: row['Procedure'] for row in rows}

    def test_barbican(self):
        for how in SILENCES:
            self.silence('GET barbican', how)
            self.assertEqual(
                {
                    'web': 'server-image',
                    'data': 'snapshot-image',
                    'plain': 'volume-image',
                    'luks': 'none',
                    'golden': 'image-download',
                },
                self.plan('--all', *self.to),
            )
            self.assertIn('Its key cannot be exported', self.notes['luks'])
            self.assertIn('(Barbican) does not answer', self.notes['luks'])
            self.assertIn('Could not list the containers', self.err.said)
            self.assertIn('No secret is in this plan.', self.err.said)
            self.assertIn('no key can be exported', self.err.said)

    def test_barbican_for_what_stays_in_the_cloud(self):
        """Cinder copies the keys of what it copies."""
        self.silence('GET barbican')
        found = self.plan('--all')
        self.assertEqual('volume-backup', found['luks'])
        self.assertIn('Cinder copies its key there', self.notes['luks'])
        self.assertNotIn('Cinder copies its key', self.notes['plain'])
        found = self.plan('--all', '--volume-method', 'image')
        self.assertIn('Cinder copies its key there', self.notes['luks'])

    def test_barbican_that_nobody_needs(self):
        self.silence('GET barbican')
        self.plan('--volume', 'plain', *self.to, code=0)
        self.assertEqual(
            {'luks': 'none'}, self.plan('--volume', 'luks', *self.to)
        )

    def test_nova(self):
        for how in SILENCES:
            self.silence('GET nova', how)
            self.assertEqual(
                {
                    'data': 'snapshot-image',
                    'plain': 'volume-image',
                    'luks': 'volume-image',
                    'golden': 'image-download',
                    'word': 'secret-download',
                },
                self.plan('--all', *self.to, '--stop-servers'),
            )
            self.assertIn('No server is in this plan', self.err.said)

    def test_glance(self):
        for how in SILENCES:
            self.silence('GET glance', how)
            found = self.plan('--all', *self.to)
            self.assertEqual(
                {'word'}, {n for n, p in found.items() if p != 'none'}
            )
            self.assertIn('(Glance) does not answer', self.notes['plain'])
            self.assertNotIn('golden', found)
            self.assertIn('nothing can be copied to an image', self.err.said)

    def test_glance_for_what_stays_in_the_cloud(self):
        self.silence('GET glance')
        found = self.plan('--all')
        self.assertEqual('none', found['web'])
        self.assertEqual('volume-backup', found['plain'])
        self.assertIn('There is no other way', self.notes['plain'])

    def test_cinder(self):
        for how in SILENCES:
            self.silence('GET cinder', how)
            found = self.plan('--all', *self.to)
            self.assertEqual('server-image', found['web'])
            self.assertEqual('image-download', found['golden'])
            self.assertEqual('secret-download', found['word'])
            self.assertNotIn('plain', found)
            self.assertIn('No volume is in this plan', self.err.said)
            self.assertIn('keys of volumes cannot be told', self.err.said)

    def test_backups_that_cannot_be_listed(self):
        for how in (wire.Lost(), wire.Answer(503)):
            self.silence('GET cinder /backups', how)
            found = self.plan('--all', code=0)
            self.assertEqual('volume-image', found['plain'])
            self.assertIn('cannot be listed', self.notes['plain'])
            self.assertIn('list the backups', self.err.said)
            found = self.plan('--all', '--volume-method', 'backup')
            self.assertEqual('none', found['plain'])

    def test_snapshots_and_quotas(self):
        for text, words in (
            ('GET cinder /snapshots', 'interrupted runs have left'),
            ('GET cinder /os-quota-sets', 'room shows in the run'),
        ):
            self.silence(text)
            self.plan('--all', *self.to, code=0)
            self.assertIn(words, self.err.said)

    def test_half_of_the_pages(self):
        """Half a list would be a plan that looks whole."""
        self.fake.cinder.page = 2
        self.fake.fail(
            wire.Answer(503),
            'GET cinder /volumes/detail',
            skip=1,
            times=10**6,
            same=False,
        )
        found = self.plan('--all', *self.to)
        self.assertFalse({'data', 'plain', 'luks'} & found.keys())
        self.assertIn('No volume is in this plan', self.err.said)

    def test_names_that_cannot_be_looked_up(self):
        """That is no wrong argument."""
        for text, words, said in (
            ('GET cinder', ('--volume', 'plain'), 'list the volumes'),
            ('GET nova', ('--server', 'web'), 'list the servers'),
            ('GET glance', ('--image', 'golden', *self.to), 'list the images'),
            ('GET barbican', ('--secret', 'word', *self.to), 'containers'),
            ('GET cinder', ('--match', 'a=b'), 'list the volumes'),
        ):
            self.silence(text)
            self.assertEqual(1, self.openstack('backup', 'plan', *words))
            self.assertIn(said, self.err.said)

    def test_exclusion_of_what_is_not_there(self):
        self.silence('GET cinder')
        found = self.plan('--all', '--exclude', 'volume/plain', *self.to)
        self.assertIn('golden', found)

    def test_nobody_answers(self):
        self.silence('GET')
        self.assertEqual(1, self.openstack('backup', 'plan'))
        self.assertIn('Could not list the', self.err.said)

    def test_each_is_down(self):
        """It is said once, in our words."""
        for name in ('barbican', 'cinder', 'glance', 'nova'):
            self.silence(f'GET {name}', DOWN)
            self.plan('--all', *self.to)
            self.assertIn('Could not list the', self.err.said)
            self.assertNotIn('Failed to contact', self.err.said)

    def test_down_for_a_moment(self):
        """As while it is being restarted."""
        self.silence('GET glance', DOWN)
        real = self.fake.down

        class Down(set):
            def __contains__(its, name):
                found = super().__contains__(name)
                if found:
                    tries.append(name)
                return found and len(tries) < 9

        tries = []
        self.fake.down = Down(real)
        self.plan('--all', *self.to, code=0)
        self.assertGreater(len(tries), 8)

    def test_run(self):
        self.silence('GET barbican')
        rows = self.rows('run', '--all', *self.to, code=3)
        outcomes = {row['Name']: row['Outcome'] for row in rows}
        self.assertEqual(
            {
                'web': 'complete',
                'data': 'complete',
                'plain': 'complete',
                'luks': 'skipped',
                'golden': 'complete',
            },
            outcomes,
        )

    def test_saved_plan(self):
        file = self.root / 'all.json'
        self.rows('plan', '--all', *self.to, '--save', file)
        self.silence('GET cinder')
        rows = self.rows('run', '--plan', file, code=3)
        notes = {row['Name']: ' '.join(row['Notes']) for row in rows}
        self.assertIn('nobody knows whether it is', notes['plain'])
        self.assertNotIn('no longer there', self.err.said)
        self.assertIn('complete', {row['Outcome'] for row in rows})

    def test_cleanup_decides_nothing(self):
        self.silence('GET cinder /volumes')
        words = ['backup', 'cleanup', '--yes']
        self.assertEqual(1, self.openstack(*words))
