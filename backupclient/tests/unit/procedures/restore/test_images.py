# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.model import tasks
from backupclient.procedures import interim
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
        return saved_plans.Task(
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
        self.assertIn(base.INSTEAD, str(failure))
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
            task=dataclasses.replace(
                self.item.task,
                source=restores.Source(base.OLD_RUN, file=self.put(PATH, b'')),
            ),
        )
        self.go()
        image = self.the_new('images')
        self.assertEqual(0, image['size'])


KERNEL = 'bbbbbbbb-0000-4000-8000-00000000000b'
NEW_KERNEL = 'cccccccc-0000-4000-8000-00000000000c'
CERTIFICATE = 'dddddddd-0000-4000-8000-00000000000d'
NEW_CERTIFICATE = 'eeeeeeee-0000-4000-8000-00000000000e'
SIGNED = {
    'img_signature': 'c2lnbmF0dXJl',
    'img_signature_hash_method': 'SHA-256',
    'img_signature_key_type': 'RSA-PSS',
}
UUID = 'img_signature_certificate_uuid'


class ReferencesTestCase(ImageTestCase):
    """What its properties name was restored before it."""

    made_before = {
        f'image/{KERNEL}': interim.Restore(restored=NEW_KERNEL),
        f'secret/{CERTIFICATE}': interim.Restore(restored=NEW_CERTIFICATE),
    }

    def seed(self):
        image = super().seed()
        more = {'kernel_id': KERNEL, **SIGNED, UUID: CERTIFICATE}
        return dataclasses.replace(image, properties=image.properties | more)

    def task(self, record):
        return dataclasses.replace(
            super().task(record), after=(KERNEL, CERTIFICATE)
        )

    def planned(self):
        found = super().planned()
        others = (
            plans.Item(resource, tasks.Nothing(), '')
            for resource in (
                resources.Resource(resources.Kind.IMAGE, 'k', KERNEL),
                resources.Resource(resources.Kind.SECRET, 'c', CERTIFICATE),
            )
        )
        return dataclasses.replace(found, items=(*found.items, *others))

    def check_complete(self, made):
        super().check_complete(made)
        wanted = {'kernel_id': NEW_KERNEL, **SIGNED, UUID: NEW_CERTIFICATE}
        image = self.the_new('images')
        self.assertEqual(wanted, {k: image.get(k) for k in wanted})

    def test_what_did_not_come_back(self):
        self.made_before = {}
        self.new_process()
        made = self.go()
        image = self.the_new('images')
        gone = {'kernel_id', *SIGNED, UUID}
        self.assertEqual(set(), gone & image.keys())
        said = ' '.join(made.notes)
        self.assertIn('kernel_id', said)
        self.assertIn(UUID, said)

    def test_originals_that_are_still_there(self):
        self.made_before = {}
        self.new_process()
        self.cloud.glance.add_image('kernel', b'k', id=KERNEL)
        self.cloud.world.add('secrets', 'certificate', id=CERTIFICATE)
        self.before = self.cloud.world.holdings()
        made = self.go()
        image = self.the_new('images')
        self.assertEqual(KERNEL, image['kernel_id'])
        self.assertEqual(CERTIFICATE, image[UUID])
        self.assertEqual((), made.notes)


class ProtectedTestCase(ImageTestCase):
    """A protected image is so at the end only: else it could not be undone."""

    def seed(self):
        return dataclasses.replace(super().seed(), protected=True)

    def check_complete(self, made):
        image = self.the_new('images')
        self.assertTrue(image['protected'])
        self.cloud.world.things['images'][image['id']]['protected'] = False
        super().check_complete(made)
