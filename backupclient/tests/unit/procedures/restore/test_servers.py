# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.procedures import interim
from backupclient.tests.unit import items
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures.restore import base

PATH = f'servers/{base.OLD}.qcow2'
DISK = 'eeeeeeee-0000-4000-8000-00000000000e'


class OwnDiskTestCase(base.TestCase):
    """A server of its own disk, with another volume."""

    procedure = plans.Procedure.SERVER_BUILD

    def seed(self):
        disk = self.cloud.cinder.add_volume('disk', b'disk')
        self.disk = disk['id']
        self.made_before = {
            f'volume/{DISK}': interim.Restore(restored=self.disk)
        }
        self.new_process()
        return resources.Server(
            id=base.OLD,
            name='Web_1.example "x"',
            status='ACTIVE',
            description='what it does',
            tags=('x', 'y'),
            metadata={'team': 'blue', **base.PAST},
            config_drive=True,
        )

    def more_of(self, record):
        image = resources.Image(
            id=base.OLD,
            name='',
            status='active',
            owner='',
            disk_format='qcow2',
            container_format='bare',
            min_disk=1,
            properties={'hw_disk_bus': 'scsi', 'os_type': 'linux'},
        )
        return {'image': image, 'restore': self.task(record)}

    def task(self, record):
        return saved_plans.Task(
            restores.Source(base.OLD_RUN, file=self.put(PATH, base.DATA)),
            'web',
            needs=(DISK,),
            server=restores.NewServer(
                'f1',
                'm1.tiny',
                disks=(restores.Disk(DISK, '/dev/vdb'),),
                key_name='mine',
            ),
        )

    def planned(self):
        """Have the volume in the plan, since the server waits for it."""
        volume = items.item(
            base.volume(id=DISK).resource,
            plans.Procedure.VOLUME_FROM_IMAGE,
            '',
            volume=base.volume(id=DISK),
            restore=saved_plans.Task(
                restores.Source(base.OLD_RUN),
                'data',
                volume=restores.NewVolume(1, restores.Way.PLAIN),
            ),
        )
        found = super().planned()
        return dataclasses.replace(found, items=(*found.items, volume))

    def check_untouched(self):
        """The volume is attached, and nothing else is changed."""
        self.cloud.world.settle()
        for key, thing in self.before.items():
            now = self.cloud.world.holdings().get(key)
            if key[1] == self.disk and now['attachments']:
                now |= {'attachments': [], 'status': 'available'}
            self.assertEqual(thing, now, key)

    def check_complete(self, made):
        server = self.the_new('servers')
        wanted = {
            'name': 'web',
            'status': 'ACTIVE',
            'description': 'what it does',
            'tags': ['x', 'y'],
            'key_name': 'mine',
            'config_drive': 'True',
            'hostname': 'web',
            'metadata': {'team': 'blue', **self.marks(self.item.resource)},
        }
        self.assertEqual(wanted, {k: server[k] for k in wanted})
        root, disk = server['asked']['block_device_mapping_v2']
        self.assertEqual(
            ('image', 'local', 0, True),
            (
                root['source_type'],
                root['destination_type'],
                root['boot_index'],
                root['delete_on_termination'],
            ),
        )
        self.assertEqual(
            {
                'uuid': self.disk,
                'source_type': 'volume',
                'destination_type': 'volume',
                'boot_index': -1,
                'delete_on_termination': False,
                'device_name': '/dev/vdb',
            },
            disk,
        )
        self.assertEqual('none', server['asked']['networks'])
        self.assertEqual(base.DATA, self.cloud.world.content[server['id']])

    def test_disk_comes_with_its_hardware(self):
        self.go()
        asked = next(
            r.json for r in self.cloud.seen if str(r) == 'POST glance /images'
        )
        self.assertEqual('scsi', asked['hw_disk_bus'])
        self.assertEqual(1, asked['min_disk'])

    def test_server_in_error(self):
        self.cloud.nova.builds = False
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn('No valid host', str(failure))
        self.assertEqual({}, self.new_things())
        volume = self.cloud.world.things['volumes'][self.disk]
        self.assertEqual('available', volume['status'])

    def test_image_is_gone(self):
        """Nova answers 400, and a resume has to begin again."""
        self.lose_image_before('POST nova /servers')
        failure = self.assertRaises(errors.NotFound, self.go)
        self.assertIn('was deleted', str(failure))
        self.assertEqual({}, self.new_things())

    def test_volume_that_is_not_back(self):
        self.made_before = {}
        self.new_process()
        self.assertRaises(errors.DocumentError, self.go)
        self.assertEqual({}, self.new_things())


class FromVolumeTestCase(OwnDiskTestCase):
    """A server that boots from a volume, in a network."""

    def task(self, record):
        return saved_plans.Task(
            restores.Source(base.OLD_RUN),
            'web',
            needs=(DISK,),
            server=restores.NewServer(
                'f1',
                'm1.tiny',
                boot_volume=DISK,
                networks=('net1',),
                security_groups=('group1',),
            ),
        )

    def check_complete(self, made):
        server = self.the_new('servers')
        (disk,) = server['asked']['block_device_mapping_v2']
        self.assertEqual(
            (self.disk, 0, False),
            (disk['uuid'], disk['boot_index'], disk['delete_on_termination']),
        )
        self.assertNotIn('imageRef', server['asked'])
        self.assertEqual([{'uuid': 'net1'}], server['asked']['networks'])
        self.assertEqual(
            [{'name': 'group1'}], server['asked']['security_groups']
        )

    def test_image_is_gone(self):
        """It needs none: the reason is what Nova says."""
        refusal = wire.Answer(400, {'badRequest': {'message': 'Bad zone'}})
        self.cloud.faults.append(
            wire.Fault(refusal, lambda one: str(one) == 'POST nova /servers')
        )
        failure = self.assertRaises(errors.CloudError, self.go)
        self.assertNotIsInstance(failure, errors.NotFound)
        self.assertIn('Bad zone', str(failure))

    def test_disk_comes_with_its_hardware(self):
        """It is in the volume."""
        self.go()
        self.assertEqual([], self.cloud.asked('POST glance'))
