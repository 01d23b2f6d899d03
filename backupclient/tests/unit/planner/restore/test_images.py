# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import copies
from backupclient.model import plans
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

IMAGE = samples.image('golden', properties={'os_distro': 'debian'})
KEY_ID = samples.uuid_of('key')


def with_properties(**found):
    return dataclasses.replace(IMAGE, properties=found)


class TestImages(base.TestCase):
    def test_uploaded(self):
        image = dataclasses.replace(
            IMAGE, protected=True, hidden=True, min_disk=3, tags=('a',)
        )
        item = self.item(base.entry(image))
        self.accepts(item, plans.Procedure.IMAGE_UPLOAD)
        self.assertEqual(image, item.image)
        self.assertEqual(1000, item.size)
        self.assertEqual((), item.notes)

    def test_properties_that_steer_services_are_dropped(self):
        steering = {
            'cinder_encryption_key_id': KEY_ID,
            'cinder_encryption_key_deletion_policy': 'on_image_deletion',
            'os_glance_importing_to_stores': 'x',
            'backupclient_role': 'restored',
            'block_device_mapping': '[]',
            'bdm_v2': 'True',
            'locations': 'x',
            'stores': 'x',
            'owner': 'x',
            'owner_id': 'x',
        }
        image = with_properties(hw_disk_bus='scsi', **steering)
        one = base.entry(image, key=base.key(image))
        item = self.item(one)
        self.assertEqual({'hw_disk_bus': 'scsi'}, item.image.properties)

    def test_visibility(self):
        image = dataclasses.replace(IMAGE, visibility='public')
        item = self.item(base.entry(image))
        self.assertEqual('private', item.image.visibility)
        self.says(item.notes, 'public')

    def test_images_that_it_names(self):
        kernel = samples.image('kernel')
        image = with_properties(kernel_id=kernel.id, ramdisk_id='gone')
        item = self.item(base.entry(image), there=[kernel])
        self.assertEqual({'kernel_id': kernel.id}, item.image.properties)
        self.says(item.warnings, 'ramdisk_id')

    def test_encrypted(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        item = self.item(base.entry(image, key=base.key(image)))
        self.assertEqual(base.key(image), item.restore.source.key)
        self.says(item.notes, 'do not delete')
        self.refuses(self.item(base.entry(image)), 'key is not in', '--run')
        sealed = base.entry(image, key=base.key(image, protected=True))
        self.refuses(self.item(sealed), '--identity')
        self.assertTrue(self.item(sealed, identities=True).possible)
        services = samples.SERVICES - {'key-manager'}
        item = self.item(
            base.entry(image, key=base.key(image)),
            cloud={'services': services},
        )
        self.refuses(item, 'Barbican')

    def test_key_that_does_not_open(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        one = base.entry(image, key=base.key(image, opens='no'))
        self.refuses(self.item(one), 'does not open')

    def test_key_of_another_resource(self):
        image = with_properties(cinder_encryption_key_id=KEY_ID)
        other = base.key(samples.image('other'))
        self.refuses(self.item(base.entry(image, key=other)), other.path)

    def test_large(self):
        path = base.entry(IMAGE).file.path
        for size, large in ((1 << 40, False), ((1 << 40) + 1, True)):
            item = self.item(base.entry(IMAGE, file=base.file(path, size)))
            self.assertEqual(large, any('1 TiB' in w for w in item.warnings))

    def test_artifact(self):
        one = base.entry(IMAGE, artifact=copies.Artifact('image', 'x', 'x'))
        there = dataclasses.replace(IMAGE, id='x')
        self.refuses(self.item(one, there=[there]), 'files only')

    def test_no_glance(self):
        services = samples.SERVICES - {'image'}
        item = self.item(base.entry(IMAGE), cloud={'services': services})
        self.refuses(item, 'Glance')
