# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures.restore import base

PATH = f'images/{base.OLD}.qcow2'


class ImageTestCase(base.TestCase):
    """An image comes back with all that it had."""

    procedure = plans.Procedure.IMAGE_UPLOAD

    def seed(self):
        return resources.Image(
            id=base.OLD,
            name='golden "image"\n',
            status='active',
            owner='somebody',
            visibility='public',
            hidden=True,
            disk_format='qcow2',
            container_format='bare',
            min_disk=3,
            min_ram=64,
            tags=('a', 'b'),
            properties={
                'hw_disk_bus': 'scsi',
                'own': 'word',
                'os_glance_importing': 'no',
                'cinder_encryption_key_id': 'bbbb',
                'block_device_mapping': '[]',
                'backupclient_run': base.OLD_RUN,
                'backupclient_role': 'restored',
            },
        )

    def task(self, record):
        return restores.Task(
            restores.Source(base.OLD_RUN, file=self.put(PATH, base.DATA)),
            'golden "image"\n',
        )

    def check_complete(self, made):
        image = self.the_new('images')
        wanted = {
            'name': 'golden "image"\n',
            'visibility': 'private',
            'os_hidden': True,
            'protected': False,
            'disk_format': 'qcow2',
            'container_format': 'bare',
            'min_disk': 3,
            'min_ram': 64,
            'tags': ['a', 'b'],
            'hw_disk_bus': 'scsi',
            'own': 'word',
            'status': 'active',
            'backupclient_image': image['id'],
            **self.marks(self.item.resource),
        }
        self.assertEqual(wanted, {k: image[k] for k in wanted})
        steering = {
            'os_glance_importing',
            'cinder_encryption_key_id',
            'block_device_mapping',
        }
        self.assertEqual(set(), steering & image.keys())
        self.assertEqual(base.DATA, self.cloud.world.content[image['id']])

    def test_damaged(self):
        self.damage(PATH, base.DATA[:-1] + b'x')
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn(f'{PATH} is damaged: the sha512', str(failure))
        self.assertIn('as the manifest says', str(failure))
        self.assertEqual({}, self.new_things())

    def test_broken_upload_begins_anew(self):
        """Of a part of the data nothing is left, and no byte is lost."""

        def cut():
            raise wire.Lost

        for done in (False, True):
            self.begin()
            fault = self.cloud.fail(
                wire.Lost(), 'PUT glance', done=done, times=2, same=False
            )
            self._check(self.go())
            self.assertTrue(fault.hit)

    def test_other_data_arrive(self):
        """What Glance says that it has is compared."""

        def swap():
            fill = self.cloud.glance.fill

            def other(image, content):
                fill(image, content[:-1] + b'?')

            self.cloud.glance.fill = other

        self.cloud.fail(swap, 'PUT glance')
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn('other data', str(failure))
        self.assertEqual({}, self.new_things())

    def test_empty_image(self):
        """An image of no bytes is one, too."""
        self.item = dataclasses.replace(
            self.item,
            restore=dataclasses.replace(
                self.item.restore,
                source=restores.Source(base.OLD_RUN, file=self.put(PATH, b'')),
            ),
        )
        self.go()
        image = self.the_new('images')
        self.assertEqual(0, image['size'])


class ProtectedTestCase(ImageTestCase):
    """A protected image is so at the end only: else it could not be undone."""

    def seed(self):
        return dataclasses.replace(super().seed(), protected=True)

    def check_complete(self, made):
        image = self.the_new('images')
        self.assertTrue(image['protected'])
        self.cloud.world.things['images'][image['id']]['protected'] = False
        super().check_complete(made)
