# SPDX-License-Identifier: Apache-2.0
"""Restored resources have the names of the old ones beside them."""

import re

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring


class TestNames(base.TestCase):
    def setUp(self):
        super().setUp()
        tenant = self.tenant
        image = tenant.image('twin', cloud.content(1))
        self.old = {
            'image': image.id,
            'server': tenant.server('twin', image=image).id,
            'volume': tenant.volume('twin', cloud.content()).id,
        }

    def test_a_name_that_is_not_enough_any_more(self):
        """A message tells the old one, and both kinds of new ones, apart."""
        made = self.backup('--all', '--to', self.target, '--plaintext-keys')
        page = restoring.follow(self, self.backup_set(made))
        done = self.openstack(
            *('backup', 'restore', '--from', self.target, '--all'),
            *('-f', 'json'),
        )
        self.assertEqual(0, done.code, done)
        self.assertIn('New names that exist here already: 3.', done.err)
        self.assertIn('--suffix gives the new resources other', done.err)
        new = {row['Kind']: row['Restored'] for row in done.rows}
        for kind, old in self.old.items():
            said = self.refused(f'--{kind}', 'twin', '--to', self.target)
            self.assertIn(f'More than one {kind} has the name "twin": ', said)
            told = {
                each: re.search(rf'\({each}\), (created .+?)[;.] ', said)[1]
                for each in (old, new[kind], page.new[old])
            }
            self.assertEqual(3, len(told), said)
            restored = f'restored by run {done.run}'
            self.assertTrue(told[new[kind]].endswith(f', {restored}'), said)
            self.assertEqual(1, said.count(restored), said)
            self.assertIn('Give the ID of the one that you mean.', said)
        self.assertVolumes(page.new[self.old['volume']])

    def assertVolumes(self, by_hand):
        """Cinder knows that one was made of the page's image."""
        said = self.refused('--volume', 'twin')
        self.assertRegex(said, rf'{by_hand}\), .*?, made by a restore[;.]')
        self.assertEqual(1, said.count('made by a restore'), said)
        self.assertEqual(3, said.count('1 GiB, not attached'), said)

    def refused(self, *arguments):
        """What ``run`` says of wrong arguments, on one line."""
        result = self.openstack('backup', 'run', *arguments)
        self.assertEqual(2, result.code, result)
        return ' '.join(result.err.split()) + ' '
