# SPDX-License-Identifier: Apache-2.0
"""Servers restored by following RESTORE.md: on the same hardware as before."""

import json
import secrets
import subprocess
from xml.etree import ElementTree

from backupclient.model import properties
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import restoring

PROPERTIES = {
    'hw_disk_bus': 'scsi',
    'hw_scsi_model': 'virtio-scsi',
    'hw_firmware_type': 'bios',
    'hw_vif_model': 'e1000',
    'os_type': 'linux',
    'os_distro': 'debian',
    'our_ticket': "it's 4711",
    'our_empty': '',
    'our_long': 'x' * 400,
}
LIMITS = {'min_disk': 1, 'min_ram': 32}


def hardware(server_id):
    """The hardware that libvirt gives a server."""
    done = subprocess.run(
        ['virsh', '-c', 'qemu:///system', 'dumpxml', server_id],
        check=True,
        capture_output=True,
        text=True,
    )
    domain = ElementTree.fromstring(done.stdout)
    return {
        'machine': domain.find('os/type').get('machine'),
        'firmware': domain.find('os').get('firmware', 'bios'),
        'memory': domain.findtext('memory'),
        'disks': [
            (disk.find('target').get('dev'), disk.find('target').get('bus'))
            for disk in domain.findall('devices/disk')
        ],
        'scsi': [
            one.get('model')
            for one in domain.findall('devices/controller')
            if one.get('type') == 'scsi'
        ],
        'video': [
            one.get('type') for one in domain.findall('devices/video/model')
        ],
        'inputs': sorted(
            (one.get('type'), one.get('bus'))
            for one in domain.findall('devices/input')
        ),
    }


def patch(tenant, image, fields, admin=False):
    """Change fields of an image that are there."""
    conn = tenant.admin if admin else tenant.conn
    answer = conn.image.patch(
        f'/images/{image.id}',
        json=[
            {'op': 'replace', 'path': f'/{name}', 'value': value}
            for name, value in fields.items()
        ],
        headers={
            'Content-Type': 'application/openstack-images-v2.1-json-patch'
        },
    )
    answer.raise_for_status()


class Case(base.TestCase):
    """A set, and what came of following its page."""

    def flavor(self, **sizes):
        """Make a flavor that goes when the test ends."""
        compute = self.tenant.admin.compute
        name = f'test-{secrets.token_hex(4)}'
        made = compute.create_flavor(name=name, ram=64, vcpus=1, **sizes)
        self.addCleanup(compute.delete_flavor, made)
        return name

    def image(self, image_id):
        """An image as Glance shows it."""
        return self.tenant.conn.image.get(f'/images/{image_id}').json()

    def server(self, server_id):
        """A server as Nova shows it."""
        return self.tenant.conn.compute.get(
            f'/servers/{server_id}', microversion='2.72'
        ).json()['server']

    def volume(self, volume_id):
        """A volume as Cinder shows it."""
        return self.tenant.conn.block_storage.get(
            f'/volumes/{volume_id}'
        ).json()['volume']

    def set_of(self, *arguments):
        """Back something up: the folder of the set."""
        result = self.backup(*arguments, '--to', self.target)
        return self.backup_set(result)

    def assertSameServer(self, before, after):
        """Two servers differ only in what the cloud chooses."""
        for name in ('name', 'metadata', 'flavor', 'addresses', 'key_name',
                     'config_drive', 'status'):  # fmt: skip
            self.assertEqual(before[name], after[name], name)


class ImageBacked(Case):
    """A server of an image, with a disk larger than its image asks for."""

    def setUp(self):
        super().setUp()
        self.source = self.tenant.image(
            'root', cloud.content(1), **PROPERTIES, **LIMITS
        )
        self.flavor_name = self.flavor(disk=2)
        made = self.tenant.server(
            'guest',
            flavor=self.flavor_name,
            image=self.source,
            metadata={'role': 'web'},
        )
        self.before = self.server(made.id)
        self.hardware = hardware(made.id)

    def follow(self, folder):
        """Follow the page, and keep the image to look at it."""
        kept = 'openstack image delete'
        return restoring.follow(
            self, folder, edit=lambda text: text.replace(kept, f': {kept}')
        )

    def assertRestored(self, restored, properties_=PROPERTIES):
        after = self.server(restored.new[self.before['id']])
        self.assertSameServer(self.before, after)
        image = self.image(after['image']['id'])
        self.assertEqual(2, image['min_disk'])
        self.assertEqual(32, image['min_ram'])
        kept = {name: image.get(name) for name in properties_}
        self.assertEqual(properties_, kept)
        ours = set(properties.owned(image)) - properties_.keys()
        # What Nova noted as the hardware that it had chosen by itself.
        self.assertEqual(
            {
                'hw_cdrom_bus',
                'hw_input_bus',
                'hw_machine_type',
                'hw_pointer_model',
                'hw_video_model',
            },
            ours,
        )
        self.assertEqual(self.hardware, hardware(after['id']))
        self.assertEqual([('sda', 'scsi')], self.hardware['disks'])

    def test_source_is_there(self):
        """It has changed since; the server has what it was made with."""
        now = {**PROPERTIES, 'hw_disk_bus': 'ide', 'our_ticket': 'another'}
        changed = {k: now[k] for k in ('hw_disk_bus', 'our_ticket')}
        patch(self.tenant, self.source, changed)
        folder = self.set_of('--server', 'guest')
        [item] = json.loads((folder / 'manifest.json').read_text())['items']
        self.assertEqual(now, item['server']['image_properties'])
        self.assertEqual(1, item['server']['min_disk'])
        self.assertEqual(32, item['server']['min_ram'])
        self.assertRestored(self.follow(folder))
        self.assertTooSmallIsRefused(folder)

    def assertTooSmallIsRefused(self, folder):
        """Nova says so at once, instead of a server in ERROR."""
        conn = self.tenant.conn
        servers = {one.id for one in conn.compute.servers()}
        refused = restoring.follow(
            self,
            folder,
            edit=lambda text: text.replace(
                f'--flavor {self.flavor_name}', '--flavor m1.tiny'
            ),
            code=1,
        )
        self.assertIn('400', refused.err)
        self.assertIn('minimum size is 2147483648 bytes', refused.err)
        self.assertEqual(servers, {one.id for one in conn.compute.servers()})
        fitting = self.flavors_that_fit(folder)
        self.assertIn((2, 64), [each[:2] for each in fitting])
        # The first is the smallest, and all have room for the disk.
        self.assertEqual(min(fitting, key=lambda each: each[1]), fitting[0])
        self.assertEqual([], [each for each in fitting if each[0] < 2])
        names = {each[2] for each in fitting}
        self.assertIn(self.flavor_name, names)
        self.assertNotIn('m1.tiny', names)

    def flavors_that_fit(self, folder):
        """What the page's command lists: disk, memory and name of each."""
        page = (folder / 'RESTORE.md').read_text()
        listing = page[page.index('openstack flavor list') :]
        lines = listing.splitlines()[:3]
        command = ' '.join(line.strip(' #\\') for line in lines).split()
        result = self.openstack(*command[1:], '-f', 'json')
        self.assertEqual(0, result.code, result)
        return [(one['Disk'], one['RAM'], one['Name']) for one in result.rows]

    def test_source_is_gone(self):
        self.tenant.conn.image.delete_image(self.source)
        folder = self.set_of('--server', 'guest')
        # Nova keeps 255 bytes of a property.
        short = PROPERTIES | {'our_long': 'x' * 255}
        self.assertRestored(self.follow(folder), short)

    def shelve(self):
        conn = self.tenant.conn
        conn.compute.shelve_server(self.before['id'])
        cloud.until(
            lambda: (
                self.server(self.before['id'])['status'] == 'SHELVED_OFFLOADED'
            ),
            'shelved',
        )

    def test_shelved(self):
        self.shelve()
        folder = self.set_of('--server', 'guest')
        self.assertRestored(self.follow(folder))

    def test_shelved_and_all(self):
        """Its disk is one of the images of the set."""
        self.shelve()
        self.tenant.conn.image.delete_image(self.source)
        folder = self.set_of('--all')
        short = PROPERTIES | {'our_long': 'x' * 255}
        self.assertRestored(self.follow(folder), short)


class VolumeBacked(Case):
    """A server that boots from a volume of an image."""

    shared = True

    def make(self):
        source = self.tenant.image(
            'root', cloud.content(1), **PROPERTIES, **LIMITS
        )
        self.disk = self.tenant.volume('boot', image_id=source.id)
        made = self.tenant.server(
            'guest',
            flavor='m1.bfv',
            block_device_mapping=[
                {
                    'boot_index': 0,
                    'uuid': self.disk.id,
                    'source_type': 'volume',
                    'destination_type': 'volume',
                }
            ],
        )
        self.tenant.conn.image.delete_image(source)
        self.before = self.server(made.id)
        self.hardware = hardware(made.id)

    def assertSameVolume(self, volume_id):
        """Two volumes say the same to a server that boots from them."""
        after = self.volume(volume_id)
        self.assertEqual('true', after['bootable'])
        said = after['volume_image_metadata']
        self.assertEqual(PROPERTIES, properties.owned(said))
        self.assertEqual('1', said['min_disk'])
        self.assertEqual('32', said['min_ram'])

    def test_file_and_image_that_stays(self):
        folder = self.set_of('--server', 'guest', '--keep-images')
        [image] = self.tenant.conn.image.images(owner=self.tenant.project.id)
        kept = self.image(image.id)
        self.assertEqual((1, 32), (kept['min_disk'], kept['min_ram']))
        self.assertEqual(PROPERTIES, properties.owned(kept))
        restored = restoring.follow(self, folder)
        self.assertSameVolume(restored.new[self.disk.id])
        after = self.server(restored.new[self.before['id']])
        self.assertSameServer(self.before, after)
        self.assertEqual(self.hardware, hardware(after['id']))
        self.assertEqual([('sda', 'scsi')], self.hardware['disks'])

    def test_cinder_backup(self):
        folder = self.set_of('--server', 'guest', '--volume-method', 'backup')
        restored = restoring.follow(
            self, folder, lambda title: title.startswith('Volume')
        )
        self.assertSameVolume(restored.new[self.disk.id])


class ForeignImage(Case):
    """The plan knows the images of others that servers were made from."""

    def image_of_the_cloud(self, **fields):
        image = self.tenant.admin.image
        made = self.tenant.admin.create_image(
            f'test-{secrets.token_hex(4)}',
            filename=str(self.tenant.file('root', cloud.content(1))),
            disk_format='raw',
            container_format='bare',
            wait=True,
            hw_disk_bus='scsi',
            **fields,
        )
        self.addCleanup(image.delete_image, made)
        return made

    def test_each_visibility(self):
        shared = self.image_of_the_cloud(visibility='shared')
        self.tenant.admin.image.add_member(
            shared, member=self.tenant.project.id
        )
        images = {
            'public': self.image_of_the_cloud(visibility='public'),
            'community': self.image_of_the_cloud(visibility='community'),
            'hidden': self.image_of_the_cloud(visibility='public', min_ram=16),
            'shared': shared,
        }
        for name, image in images.items():
            self.tenant.server(name, image=image)
        patch(self.tenant, images['hidden'], {'os_hidden': True}, admin=True)
        file = self.target / 'plan.json'
        planned = self.openstack('backup', 'plan', '--all', '--save', file)
        self.assertEqual(0, planned.code, planned)
        items = json.loads(file.read_text())['items']
        self.assertEqual(4, len(items))
        for item in items:
            said = item['server']['image_properties']
            self.assertEqual({'hw_disk_bus': 'scsi'}, said, item)
        limits = {i['resource']['name']: i['server']['min_ram'] for i in items}
        self.assertEqual(16, limits['hidden'])
