# SPDX-License-Identifier: Apache-2.0

import logging

import fixtures

from backupclient import errors
from backupclient.model import secret_facts
from backupclient.tests.unit.cloud import base

PAYLOAD = b'open sesame'


class PayloadTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.secret = self.fake.barbican.add_secret(
            'word', PAYLOAD, content_types={'default': 'text/plain'}
        )['id']

    def test_octets_of_any_type(self):
        self.assertEqual(PAYLOAD, self.cloud.barbican.payload(self.secret))
        (request,) = self.fake.seen
        self.assertEqual('application/octet-stream', request.headers['Accept'])

    def test_no_log_has_it(self):
        """Not even that of ``--debug``."""
        log = self.useFixture(
            fixtures.FakeLogger('keystoneauth', level=logging.DEBUG)
        )
        self.cloud.barbican.secret(self.secret)
        self.assertIn(self.secret, log.output)
        before = log.output
        self.cloud.barbican.payload(self.secret)
        self.assertEqual(before, log.output)

    def test_an_error_is_not_a_payload(self):
        self.fake.barbican.private.add(self.secret)
        failure = self.assertRaises(
            errors.Forbidden, self.cloud.barbican.payload, self.secret
        )
        self.assertIn('Secret payload retrieval not allowed', str(failure))

    def test_containers(self):
        """What a secret is in them, for who restores it."""
        (secret,) = self.fake.world.things['secrets'].values()
        self.fake.barbican.add_container('pair', private_key=secret)
        ((found,),) = [s.containers for s in self.cloud.barbican.secrets()]
        self.assertEqual('pair', found.container_name)
        self.assertEqual(1, found.size)

    def test_container_knows_its_size(self):
        other = self.fake.barbican.add_secret('other', b'x')
        (secret, _) = self.fake.world.things['secrets'].values()
        self.fake.barbican.add_container('pair', a=secret, b=other)
        found = [s.containers for s in self.cloud.barbican.secrets()]
        self.assertEqual(
            [('a', 2), ('b', 2)], [(m.role, m.size) for (m,) in found]
        )

    def test_metadata(self):
        self.assertEqual({}, self.cloud.barbican.metadata(self.secret))
        self.fake.barbican.metadata[self.secret] = {'a': 'b\n'}
        self.assertEqual(
            {'a': 'b\n'}, self.cloud.barbican.metadata(self.secret)
        )

    def test_acl(self):
        usual = secret_facts.Acl((), project_access=True)
        self.assertEqual(usual, self.cloud.barbican.acl(self.secret))
        self.fake.barbican.acls[self.secret] = {
            'project-access': False,
            'users': ['u1', 'u2'],
            'created': '2026-01-01T00:00:00',
        }
        self.assertEqual(
            secret_facts.Acl(('u1', 'u2'), project_access=False),
            self.cloud.barbican.acl(self.secret),
        )

    def test_gone(self):
        self.assertIsNone(self.cloud.barbican.secret('no-such'))
        self.assertRaises(
            errors.NotFound, self.cloud.barbican.payload, 'no-such'
        )
