# SPDX-License-Identifier: Apache-2.0
"""Services that refuse the connection, one at a time."""

import os

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import region

_REFUSED = 'http://127.0.0.1:1'


class SilentTestCase(base.TestCase):
    shared = True

    def make(self):
        tenant = self.tenant
        tenant.volume('plain', os.urandom(cloud.MIB))
        tenant.encrypted_volume('luks', os.urandom(cloud.MIB))
        tenant.image('golden', os.urandom(cloud.MIB))
        tenant.secret('word', 'opaque', b'sesame')

    def setUp(self):
        super().setUp()
        self.to = ('--all', '--to', self.target, '--plaintext-keys')

    def without(self, service, *words):
        """Run a command in a region where a service refuses to connect.

        :returns: what became of each resource, by its name.
        """
        urls = region.upstreams(self.tenant.admin) | {service: _REFUSED}
        there = self.useFixture(region.Region(self.tenant, urls))
        self.result = base.forked_result(
            ['backup', *map(str, words), '-f', 'json'], there.environment()
        )
        self.assertEqual(3, self.result.code, self.result)
        return {row['Name']: row for row in self.result.rows}

    def test_plan(self):
        """One tells its versions below its URL, the other does not."""
        for service, planned in (
            ('image', {'word'}),
            ('block-storage', {'golden'}),
            ('key-manager', {'plain', 'golden'}),
        ):
            rows = self.without(service, 'plan', *self.to)
            able = {n for n, row in rows.items() if row['Procedure'] != 'none'}
            self.assertEqual(planned, able & {*planned, 'plain', 'luks'})
            self.assertIn('Could not list the', self.result.err)
        self.assertIn('Without it no key can be exported', self.result.err)
        self.assertIn('Its key cannot be exported', str(rows['luks']['Notes']))

    def test_run(self):
        rows = self.without('key-manager', 'run', *self.to)
        self.assertEqual(
            {'plain': 'complete', 'luks': 'skipped', 'golden': 'complete'},
            {name: row['Outcome'] for name, row in rows.items()},
        )
        notes = ' '.join(rows['luks']['Notes'])
        self.assertIn('Its key cannot be exported', notes)
        self.backup_set(self.result)
