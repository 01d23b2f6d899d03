# SPDX-License-Identifier: Apache-2.0
"""What a restore has made is the tenant's, and so are the images of that."""

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class TestRestoredServer(base.TestCase):
    """Nova copies what the image of a restored server says to its images."""

    def setUp(self):
        super().setUp()
        tenant = self.tenant
        self.data = cloud.content(1)
        self.server = tenant.server(
            'web', image=tenant.image('root', self.data)
        )
        self.backup('--server', 'web', '--to', self.target)
        done = self.openstack(
            *('backup', 'restore', '--from', self.target, '--server', 'web'),
            *('--suffix=-new', '-f', 'json'),
        )
        self.assertEqual(0, done.code, done)
        [self.new] = [row['Restored'] for row in done.rows]

    def test_its_images_stay(self):
        """A user's image of the server, and its disk while it is shelved."""
        conn = self.tenant.conn
        mine = conn.compute.create_server_image(self.new, 'mine', wait=True)
        conn.compute.shelve_server(self.new)
        self.until_status('SHELVED_OFFLOADED')
        [shelved] = [
            image.id
            for image in conn.image.images()
            if image.name == 'web-new-shelved'
        ]
        done = self.openstack('backup', 'cleanup', '--yes', '-f', 'json')
        self.assertEqual((0, []), (done.code, done.rows), done)
        plan = self.openstack(
            *('backup', 'plan', '--all', '--to', self.target, '-f', 'json'),
        )
        self.assertNotIn('interrupted runs', plan.err)
        images = [row['ID'] for row in plan.rows if row['Kind'] == 'image']
        self.assertIn(mine.id, images)
        self.assertIn(shelved, [one.id for one in conn.image.images()])
        conn.compute.unshelve_server(self.new)
        self.until_status('ACTIVE')

    def until_status(self, status):
        conn = self.tenant.conn
        cloud.until(
            lambda: conn.compute.get_server(self.new).status == status, status
        )
