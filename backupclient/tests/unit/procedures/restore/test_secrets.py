# SPDX-License-Identifier: Apache-2.0

import dataclasses
import hashlib

import fixtures

from backupclient import errors
from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.model import secret_facts
from backupclient.procedures import interim
from backupclient.procedures.restore import secret_store
from backupclient.tests.unit.procedures.restore import base

PATH = f'secrets/{base.OLD}.bin'
PAYLOAD = b' pw \n'
OTHER = 'dddddddd-0000-4000-8000-00000000000d'
CONTAINER = restores.Container(
    'pair',
    'generic',
    (restores.Member(base.OLD, 'a'), restores.Member(OTHER, 'b')),
)


class TextTestCase(base.TestCase):
    """A text with blanks at its ends keeps them."""

    procedure = plans.Procedure.SECRET_STORE

    def seed(self):
        return resources.Secret(
            id=base.OLD,
            name='pass "word"',
            status='ACTIVE',
            secret_type='passphrase',
            algorithm='aes',
            bit_length=40,
            mode='cbc',
            content_type='text/plain; charset=utf-8',
            expires_at='2036-01-01T00:00:00',
            metadata={'team': 'blue', **base.PAST},
            acl=secret_facts.Acl(('someone',), project_access=False),
        )

    def task(self, record):
        key = copies.KeyRecord(
            PATH,
            base.OLD,
            'passphrase',
            'aes',
            40,
            hashlib.sha256(PAYLOAD).hexdigest(),
            'not checked',
            protected=False,
        )
        return saved_plans.Task(
            restores.Source(
                base.OLD_RUN, file=self.put(PATH, PAYLOAD), key=key
            ),
            'pass "word"',
        )

    def check_complete(self, made):
        secret = self.the_new('secrets')
        wanted = {
            'name': 'pass "word"',
            'secret_type': 'passphrase',
            'algorithm': 'aes',
            'bit_length': 40,
            'mode': 'cbc',
            'expiration': '2036-01-01T00:00:00',
        }
        self.assertEqual(wanted, {k: secret[k] for k in wanted})
        self.assertEqual(made.restored, secret['id'])
        self.assertEqual(PAYLOAD, self.cloud.world.content[secret['id']])
        barbican = self.cloud.barbican
        self.assertEqual(
            {'team': 'blue', **self.marks(self.item.resource)},
            barbican.metadata[secret['id']],
        )
        self.assertEqual(
            {'project-access': False, 'users': ['someone']},
            barbican.acls[secret['id']],
        )

    def test_readers_come_before_the_payload(self):
        self.go()
        asked = self.cloud.asked('PUT barbican')
        id_ = next(iter(self.new_things()))[1]
        self.assertLess(
            asked.index(f'PUT barbican /secrets/{id_}/acl'),
            asked.index(f'PUT barbican /secrets/{id_}'),
        )

    def test_damaged(self):
        self.damage(PATH, b' pw?\n')
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn(PATH, str(failure))
        self.assertIn(base.INSTEAD, str(failure))
        self.assertEqual({}, self.new_things())

    def test_expired(self):
        self.item = dataclasses.replace(
            self.item,
            seen=dataclasses.replace(
                self.item.secret, expires_at='2025-12-31T00:00:00'
            ),
        )
        made = self.go()
        self.assertNotIn('expiration', self.the_new('secrets'))
        self.assertIn('had expired', ' '.join(made.notes))


class BinaryTestCase(base.TestCase):
    """A type that cannot follow with a PUT comes with the POST."""

    procedure = plans.Procedure.SECRET_STORE

    def seed(self):
        return resources.Secret(
            id=base.OLD,
            name='',
            status='ACTIVE',
            secret_type='certificate',
            content_type='application/pkix-cert',
        )

    def task(self, record):
        return saved_plans.Task(
            restores.Source(base.OLD_RUN, file=self.put(PATH, b'\0\1 ')), ''
        )

    def check_complete(self, made):
        secret = self.the_new('secrets')
        self.assertEqual(b'\0\1 ', self.cloud.world.content[secret['id']])


class ContainerTestCase(base.TestCase):
    """A container is made when all of its secrets are back."""

    procedure = plans.Procedure.SECRET_STORE
    made_before = {
        f'secret/{OTHER}': interim.Restore(restored='00000009-secret')
    }

    def seed(self):
        self.cloud.world.add('secrets', 'other', id='00000009-secret')
        return resources.Secret(id=base.OLD, name='empty', status='ACTIVE')

    def task(self, record):
        return saved_plans.Task(
            restores.Source(base.OLD_RUN), 'empty', containers=(CONTAINER,)
        )

    def test_as_planned(self):
        made = self.go()
        self._check(made)
        self.assertIn('was made', ' '.join(made.notes))

    def check_complete(self, made):
        found = {key[0]: thing for key, thing in self.new_things().items()}
        self.assertIn('secrets', found)
        if 'was not made' in ' '.join(made.notes):
            return
        self.assertEqual(['containers', 'secrets'], sorted(found))
        refs = found['containers']['secret_refs']
        self.assertEqual(
            [('a', found['secrets']['id']), ('b', '00000009-secret')],
            [(r['name'], r['secret_ref'].split('/')[-1]) for r in refs],
        )

    def test_not_all_are_back(self):
        self.made_before = {}
        self.new_process()
        made = self.go()
        self.assertIn('not all', ' '.join(made.notes))
        self.the_new('secrets')

    def test_failure_after_the_container(self):
        """With the secret that is taken away, its container goes."""

        class Broken(secret_store.MakeContainers):
            def do(self, made):
                super().do(made)
                raise errors.BackupError('forced')

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.procedures.restore.secret_store.MakeContainers',
                Broken,
            )
        )
        self.assertRaises(errors.BackupError, self.go)
        self._check_undone()
