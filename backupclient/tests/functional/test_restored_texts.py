# SPDX-License-Identifier: Apache-2.0
"""What ``RESTORE.md`` cannot bring back as it was: it says so."""

from backupclient.tests.functional import base
from backupclient.tests.functional import restoring


class TestTexts(base.TestCase):
    def test_property_that_no_command_can_give(self):
        images = self.tenant.conn.image
        made = self.tenant.image('mine', b'data')
        images.patch(
            f'/images/{made.id}',
            headers={
                'Content-Type': 'application/openstack-images-v2.1-json-patch'
            },
            json=[{'op': 'add', 'path': '/a=b', 'value': 'c'}],
        )
        result = self.backup('--image', made.id, '--to', self.target)
        folder = self.backup_set(result)
        page = (folder / 'RESTORE.md').read_text()
        self.assertIn(
            'No command can set this property as it was: a=b=c', page
        )
        restoring.follow(self, folder, SUFFIX='-r')
        [found] = images.images(owner=self.tenant.project.id, name='mine-r')
        self.assertNotIn('a', found.properties)
