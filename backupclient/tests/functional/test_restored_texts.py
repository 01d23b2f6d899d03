# SPDX-License-Identifier: Apache-2.0
"""Names, descriptions and properties by ``RESTORE.md``, as they were."""

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring

# All that ends a line, a word or a quotation, moves the cursor, or turns the
# direction of writing. The database of the dev cloud has no emoji.
TEXT = 'it\'s\n"two" \t\x1b[2J\u202e\u200d!x $(id) `id` \\ \u6771 =1'


class TestTexts(base.TestCase):
    def restored(self, *what):
        """Back up and follow the page."""
        result = self.backup(*what, '--to', self.target)
        restoring.follow(self, self.backup_set(result), SUFFIX='-r')

    def test_image(self):
        """Also one that is hidden."""
        images = self.tenant.conn.image
        data = cloud.content(1)
        made = self.tenant.image(
            'mine',
            data,
            tags=['a\nb', 'it\'s "c" \u202e'],
            **{TEXT.replace('=', ''): TEXT, 'plain': 'x'},
        )
        images.update_image(made, name=TEXT, is_hidden=True)
        self.restored('--image', made.id)
        [found] = images.images(
            owner=self.tenant.project.id, name=f'{TEXT}-r', is_hidden=True
        )
        before = images.get_image(made.id)
        self.assertTrue(before.is_hidden)
        self.assertEqual(before.is_hidden, found.is_hidden)
        self.assertEqual(before.hash_value, found.hash_value)
        self.assertEqual(sorted(before.tags), sorted(found.tags))
        self.assertEqual(_own(before), _own(found))
        self.assertEqual(TEXT, found.properties[TEXT.replace('=', '')])

    def test_volume(self):
        made = self.tenant.volume(
            TEXT,
            cloud.content(1),
            description=f'{TEXT}\nend',
            metadata={'a b.c-d': TEXT},
        )
        self.restored('--volume', made.id)
        [found] = [
            v
            for v in self.tenant.conn.block_storage.volumes()
            if v.id != made.id
        ]
        self.assertEqual(f'{TEXT}-r', found.name)
        self.assertEqual(f'{TEXT}\nend', found.description)
        self.assertEqual({'a b.c-d': TEXT}, found.metadata)

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


def _own(image):
    """The properties that are not the SDK's or the service's own."""
    return {
        name: value
        for name, value in image.properties.items()
        if not name.startswith(
            ('os_glance', 'os_hash', 'owner_specified', 'stores')
        )
    }
