# SPDX-License-Identifier: Apache-2.0
"""Servers: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools
from testtools import matchers

from backupclient.model import copies
from backupclient.model import resources
from backupclient.model import results
from backupclient.operations.by_hand import page
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.operations.by_hand import test_page
from backupclient.tests.unit.sets import samples

IMAGE_BACKED = dataclasses.replace(
    samples.SERVER, image_id='old-image', disk_gib=10, config_drive=True
)


def without_disk(server):
    return samples.server_entry(server, file=None)


def with_key(volume):
    key = samples.key_record(f'keys/volume-{volume.id}.key')
    return samples.volume_entry(volume, key=key)


SHELVED = dataclasses.replace(samples.IMAGE, name='web-shelved')


def shelved(**changes):
    """A manifest of a shelved server, and of the image with its disk."""
    return samples.manifest(
        samples.image_entry(SHELVED, **changes),
        samples.server_entry(
            dataclasses.replace(IMAGE_BACKED, disk_gib=20),
            file=None,
            covered_by=SHELVED.resource.label,
        ),
    )


DISK = {
    'uuid': 'new-volume',
    'source_type': 'volume',
    'destination_type': 'volume',
    'boot_index': '-1',
    'device_name': '/dev/vdb',
}


class TestServer(testtools.TestCase):
    def done(self, *entries):
        """Run the page: what it makes, of servers too, and their disks."""
        _shell, made = commands.done(self, samples.manifest(*entries))
        server = next(m for m in made if hasattr(m, 'flavor'))
        return made, server, server.block_devices

    def test_root_disk(self):
        made, server, _disks = self.done(samples.server_entry(IMAGE_BACKED))
        self.assertEqual('qcow2', made[0].disk_format)
        self.assertEqual(
            f'servers/{samples.SERVER.id}.qcow2', made[0].filename
        )
        self.assertEqual('web', server.server_name)
        self.assertEqual('new-image', server.image)
        self.assertEqual('m1.small', server.flavor)
        self.assertEqual('admin', server.key_name)
        self.assertEqual({'role': 'web'}, server.properties)
        self.assertTrue(server.config_drive)

    def test_root_disk_that_was_an_image_already(self):
        made, _server, _disks = self.done(
            samples.server_entry(IMAGE_BACKED, image=samples.IMAGE)
        )
        self.assertEqual(10, made[0].min_disk)
        self.assertEqual(f'restore-{samples.SERVER.id}', made[0].name)

    def test_root_disk_that_stayed_in_the_cloud(self):
        _made, server, _disks = self.done(
            samples.server_entry(
                IMAGE_BACKED,
                file=None,
                artifact=copies.Artifact('image', 'i-1', 'kept'),
            )
        )
        self.assertEqual('i-1', server.image)

    def test_root_volume_is_found_by_its_device(self):
        data = dataclasses.replace(samples.DATA, bootable=True)
        _made, server, disks = self.done(
            with_key(data),
            samples.volume_entry(samples.ROOT),
            without_disk(samples.SERVER),
        )
        self.assertEqual('new-volume', server.volume)
        self.assertThat(
            page.render(
                samples.manifest(
                    with_key(data),
                    samples.volume_entry(samples.ROOT),
                    without_disk(samples.SERVER),
                )
            ),
            matchers.Contains(f'--volume "${{new[{samples.ROOT.id}]:?}}"'),
        )
        self.assertEqual([DISK], disks)

    def test_root_volume_without_a_device(self):
        server = dataclasses.replace(samples.SERVER, root_device='')
        text = page.render(
            samples.manifest(
                with_key(samples.DATA),
                samples.volume_entry(samples.ROOT),
                without_disk(server),
            )
        )
        self.assertIn(f'--volume "${{new[{samples.ROOT.id}]:?}}"', text)

    def test_volumes_are_disks_to_a_server_with_a_disk(self):
        _made, server, disks = self.done(
            with_key(samples.DATA),
            samples.server_entry(IMAGE_BACKED),
        )
        self.assertIsNone(server.volume)
        self.assertEqual([DISK], disks)

    def test_volumes_keep_their_order(self):
        """libvirt gives them devices in the order of the request."""
        volumes = [
            dataclasses.replace(
                samples.ARCHIVE,
                id=f'1-{number}',
                attachments=(
                    resources.Attachment(samples.SERVER_ID, f'/dev/{name}'),
                ),
            )
            for number, name in enumerate(('vdaa', 'vdc', 'vdb'))
        ]
        _made, _server, disks = self.done(
            *map(samples.volume_entry, volumes),
            samples.server_entry(IMAGE_BACKED),
        )
        self.assertEqual(
            ['/dev/vdb', '/dev/vdc', '/dev/vdaa'],
            [one['device_name'] for one in disks],
        )

    def test_device_that_is_none(self):
        """It would be more than a device for the client."""
        data = dataclasses.replace(
            samples.ARCHIVE,
            attachments=(
                resources.Attachment(
                    samples.SERVER_ID, '/dev/vdb,delete_on_termination=true'
                ),
            ),
        )
        _made, _server, (disk,) = self.done(
            samples.volume_entry(data), samples.server_entry(IMAGE_BACKED)
        )
        self.assertEqual(
            {'uuid', 'source_type', 'destination_type', 'boot_index'},
            {*disk},
        )

    def test_volume_without_a_copy(self):
        """The server comes without it."""
        entries = (
            samples.volume_entry(
                samples.DATA, file=None, state=results.State.FAILED
            ),
            samples.server_entry(
                dataclasses.replace(
                    IMAGE_BACKED, volume_ids=(samples.DATA.id,)
                )
            ),
        )
        text = test_page.words(page.render(samples.manifest(*entries)))
        self.assertIn(f'Its volume {samples.DATA.id} is not part of', text)
        _made, _server, disks = self.done(*entries)
        self.assertEqual([], disks)

    def test_no_root_disk_at_all(self):
        text = page.render(samples.manifest(without_disk(IMAGE_BACKED)))
        self.assertIn('has no copy of its own disk', test_page.words(text))
        self.assertThat(text, matchers.Not(matchers.Contains('create')))

    def test_lost_disks_are_said(self):
        text = page.render(
            samples.manifest(samples.server_entry(IMAGE_BACKED))
        )
        self.assertIn(
            'Its ephemeral disk (8 GiB) comes back empty',
            test_page.words(text),
        )

    def test_networks_and_groups(self):
        """By their names: the project is the same."""
        server = dataclasses.replace(
            IMAGE_BACKED,
            addresses=(
                resources.Address("my 'net'", '10.0.0.1'),
                resources.Address('other', '10.0.1.1'),
                resources.Address('other', '10.0.1.2'),
            ),
            security_groups=('default', 'ssh only'),
            availability_zone='z 1',
        )
        entry = samples.server_entry(server)
        _made, found, _disks = self.done(entry)
        self.assertEqual(
            ["my 'net'", 'other'], [one['net-id'] for one in found.nics]
        )
        self.assertEqual(
            ['default', 'ssh only'],
            getattr(found, 'security_groups', None) or found.security_group,
        )
        self.assertEqual('z 1', found.availability_zone)
        text = test_page.words(page.render(samples.manifest(entry)))
        self.assertIn('10.0.0.1, 10.0.1.1, 10.0.1.2', text)

    def test_server_without_networks_gets_none(self):
        _made, found, _disks = self.done(samples.server_entry(IMAGE_BACKED))
        self.assertEqual(['none'], [n for n in found.nics])

    def test_texts(self):
        """Tags and a description need a newer version of the API."""
        server = dataclasses.replace(
            IMAGE_BACKED, tags=('a b', "it's"), description='two\nlines'
        )
        shell, made = commands.done(
            self, samples.manifest(samples.server_entry(server))
        )
        found = made[1]
        self.assertEqual(['a b', "it's"], found.tags)
        self.assertEqual('two\nlines', found.description)
        self.assertEqual(
            ['--os-compute-api-version', '2.52'], shell.calls[1][:2]
        )

    def test_flavor_that_is_not_known(self):
        entry = samples.server_entry(
            dataclasses.replace(IMAGE_BACKED, flavor_name='')
        )
        text = test_page.words(page.render(samples.manifest(entry)))
        self.assertIn(
            'There are no commands for it: The name of its flavor is not '
            'known, and no size is known',
            text,
        )


class TestHardware(testtools.TestCase):
    """What the image of the root disk has to say."""

    SERVER = dataclasses.replace(
        IMAGE_BACKED,
        vcpus=2,
        ram_mib=512,
        image_properties={'hw_disk_bus': 'ide', 'ours': 'x' * 400},
        min_disk=1,
        min_ram=32,
    )
    HELD = resources.Image(
        id='held',
        name='backupclient-x',
        status='active',
        owner='p-1',
        disk_format='raw',
        container_format='bare',
        min_disk=4,
        min_ram=64,
        properties={
            'base_image_ref': 'old-image',
            'hw_disk_bus': 'scsi',
            'ours': 'x' * 255,
        },
    )

    def image(self, server, **changes):
        """What the page makes of the image of the root disk."""
        entry = samples.server_entry(server, **changes)
        shell, made = commands.done(self, samples.manifest(entry))
        self.shell = shell
        return made[0]

    def test_of_the_image_that_held_it(self):
        made = self.image(self.SERVER, image=self.HELD)
        self.assertEqual(
            {'hw_disk_bus': 'scsi', 'ours': 'x' * 400}, made.properties
        )
        self.assertEqual('raw', made.disk_format)
        self.assertEqual((10, 64), (made.min_disk, made.min_ram))

    def test_of_the_source(self):
        """A journal of an earlier release has nothing else."""
        made = self.image(self.SERVER)
        self.assertEqual(self.SERVER.image_properties, made.properties)
        self.assertEqual('qcow2', made.disk_format)
        self.assertEqual((10, 32), (made.min_disk, made.min_ram))

    def test_image_that_asks_for_more_than_the_flavor_had(self):
        """As after a change to a flavor whose disk has size 0."""
        server = dataclasses.replace(self.SERVER, disk_gib=0)
        made = self.image(server, image=self.HELD)
        self.assertEqual(4, made.min_disk)

    def test_nothing_is_known(self):
        server = dataclasses.replace(IMAGE_BACKED, disk_gib=0)
        made = self.image(server)
        self.assertEqual({}, made.properties or {})
        self.assertIsNone(made.min_disk)

    def test_size(self):
        text = page.render(
            samples.manifest(
                samples.server_entry(self.SERVER, image=self.HELD)
            )
        )
        self.assertIn('2 VCPUs, 512 MiB of memory, 10 GiB', text)


class TestFlavors(testtools.TestCase):
    """What the page says of the flavors that fit, if the old one is gone."""

    def said(self, *entries):
        """The sentence, and what OSC makes of the command below it."""
        text = page.render(samples.manifest(*entries))
        lines = [line.strip(' #') for line in text.splitlines()]
        start = lines.index('openstack flavor list \\')
        words = ' '.join(lines[start : start + 3]).replace('\\', '').split()
        sentence = test_page.words(text).partition(' openstack flavor')[0]
        return sentence, commands.parsed(words[1:])

    def test_of_the_image(self):
        """At least what Nova asks for, and the memory that it had."""
        server, held = TestHardware.SERVER, TestHardware.HELD
        for memory, wanted in ((512, 512), (16, 64)):
            sentence, listing = self.said(
                samples.server_entry(
                    dataclasses.replace(server, ram_mib=memory), image=held
                )
            )
            self.assertIn(
                'Nova refuses a flavor with less than 10 GiB of disk or 64 '
                'MiB of memory. If its flavor is gone,',
                sentence,
            )
            self.assertEqual((10, wanted), (listing.min_disk, listing.min_ram))
            self.assertEqual(['RAM', 'VCPUs', 'Disk'], listing.sort_columns)

    def test_of_the_boot_volume(self):
        """The disk of a flavor does not matter."""
        volume = dataclasses.replace(
            samples.ROOT, image_metadata={'min_disk': '30', 'min_ram': '96'}
        )
        server = dataclasses.replace(samples.SERVER, ram_mib=32, disk_gib=5)
        sentence, listing = self.said(
            samples.volume_entry(volume), without_disk(server)
        )
        self.assertIn('less than 96 MiB of memory. If', sentence)
        self.assertEqual((0, 96), (listing.min_disk, listing.min_ram))

    def test_of_a_shelved_server(self):
        """Its image is another item of the set."""
        sentence, listing = self.said(*shelved().items)
        self.assertIn('20 GiB of disk or 512 MiB of memory', sentence)
        self.assertEqual((20, 512), (listing.min_disk, listing.min_ram))

    def test_nothing_is_known(self):
        server = dataclasses.replace(IMAGE_BACKED, disk_gib=0, ram_mib=0)
        sentence, listing = self.said(samples.server_entry(server))
        self.assertNotIn('Nova refuses', sentence)
        self.assertEqual((0, 0), (listing.min_disk, listing.min_ram))

    def test_of_other_kinds(self):
        text = page.render(
            samples.manifest(samples.volume_entry(samples.ROOT))
        )
        self.assertNotIn('openstack flavor list', text)


class TestShelved(testtools.TestCase):
    """The image of a shelved server is an item of the set by itself."""

    def test_server_of_that_image(self):
        shell, made = commands.done(self, shelved())
        server = next(m for m in made if hasattr(m, 'flavor'))
        self.assertEqual('new-image', server.image)
        uploads = [c for c in shell.calls if c[:2] == ['image', 'create']]
        self.assertEqual(1, len(uploads))

    def test_image_without_a_file(self):
        text = page.render(shelved(file=None, state=results.State.FAILED))
        self.assertIn(
            'which this restore does not include', test_page.words(text)
        )

    def test_image_of_nobody(self):
        shell, _made = commands.done(
            self, samples.manifest(samples.image_entry(SHELVED))
        )
        self.assertNotIn(['image', 'set'], [c[:2] for c in shell.calls])
