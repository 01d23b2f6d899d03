# SPDX-License-Identifier: Apache-2.0
"""Servers: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools
from testtools import matchers

from backupclient.model import copies
from backupclient.model import outcome
from backupclient.model import resources
from backupclient.sets.instructions import page
from backupclient.tests.unit.sets import samples
from backupclient.tests.unit.sets.instructions import commands

IMAGE_BACKED = dataclasses.replace(
    samples.SERVER, image_id='old-image', disk_gib=10, config_drive=True
)


def without_disk(server):
    return samples.server_entry(server, file=None)


class TestServer(testtools.TestCase):
    def done(self, *entries):
        """Run the page: what it makes of servers, and what it attaches."""
        shell, made = commands.done(self, samples.manifest(*entries))
        server = next(m for m in made if hasattr(m, 'flavor'))
        attached = [
            call[3:] for call in shell.calls if call[:2] == ['server', 'add']
        ]
        return made, server, attached

    def test_root_disk(self):
        made, server, _attached = self.done(samples.server_entry(IMAGE_BACKED))
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
        made, _server, _attached = self.done(
            samples.server_entry(IMAGE_BACKED, image=samples.IMAGE)
        )
        self.assertEqual(10, made[0].min_disk)
        self.assertEqual(f'restore-{samples.SERVER.id}', made[0].name)

    def test_root_disk_that_stayed_in_the_cloud(self):
        _made, server, _attached = self.done(
            samples.server_entry(
                IMAGE_BACKED,
                file=None,
                artifact=copies.Artifact('image', 'i-1', 'kept'),
            )
        )
        self.assertEqual('i-1', server.image)

    def test_root_volume_is_found_by_its_device(self):
        data = dataclasses.replace(samples.DATA, bootable=True)
        _made, server, attached = self.done(
            samples.volume_entry(data),
            samples.volume_entry(samples.ROOT),
            without_disk(samples.SERVER),
        )
        self.assertEqual('new-volume', server.volume)
        self.assertThat(
            page.render(
                samples.manifest(
                    samples.volume_entry(data),
                    samples.volume_entry(samples.ROOT),
                    without_disk(samples.SERVER),
                )
            ),
            matchers.Contains('--volume "${VOLUME2:?}"'),
        )
        self.assertEqual([['new-server', 'new-volume']], attached)

    def test_root_volume_without_a_device(self):
        server = dataclasses.replace(samples.SERVER, root_device='')
        text = page.render(
            samples.manifest(
                samples.volume_entry(samples.DATA),
                samples.volume_entry(samples.ROOT),
                without_disk(server),
            )
        )
        self.assertThat(text, matchers.Contains('--volume "${VOLUME2:?}"'))

    def test_volumes_are_attached_to_a_server_with_a_disk(self):
        _made, server, attached = self.done(
            samples.volume_entry(samples.DATA),
            samples.server_entry(IMAGE_BACKED),
        )
        self.assertIsNone(server.volume)
        self.assertEqual([['new-server', 'new-volume']], attached)

    def test_volume_without_a_copy(self):
        text = page.render(
            samples.manifest(
                samples.volume_entry(
                    samples.DATA, file=None, state=outcome.State.FAILED
                ),
                samples.server_entry(IMAGE_BACKED),
            )
        )
        self.assertThat(
            text, matchers.Contains(f'{samples.DATA.id}, not in this set')
        )
        self.assertThat(
            text, matchers.Not(matchers.Contains('server add volume'))
        )

    def test_no_root_disk_at_all(self):
        text = page.render(samples.manifest(without_disk(IMAGE_BACKED)))
        self.assertThat(
            text, matchers.Contains('root disk is not in this set')
        )
        self.assertThat(text, matchers.Not(matchers.Contains('create')))

    def test_no_root_disk_and_what_its_image_said(self):
        server = dataclasses.replace(
            IMAGE_BACKED, image_properties={'hw_disk_bus': 'scsi'}
        )
        text = page.render(samples.manifest(without_disk(server)))
        self.assertThat(text, matchers.Contains('    hw_disk_bus=scsi\n'))

    def test_lost_disks_are_said(self):
        text = page.render(samples.manifest(without_disk(samples.SERVER)))
        self.assertThat(
            text,
            matchers.Contains('ephemeral     8 GiB, empty in the new server'),
        )

    def test_network_is_asked_for(self):
        text = page.render(
            samples.manifest(
                samples.server_entry(
                    resources.Server(
                        '1',
                        'a',
                        'ACTIVE',
                        'image',
                        addresses=(resources.Address('net', '10.0.0.1'),),
                    )
                )
            )
        )
        self.assertThat(text, matchers.Contains('NETWORK=...'))
        self.assertThat(text, matchers.Contains('"${NETWORK:?}"'))
        self.assertThat(text, matchers.Contains('--flavor FLAVOR'))

    def test_server_without_networks_gets_none(self):
        entry = samples.server_entry(IMAGE_BACKED)
        _shell, made = commands.done(self, samples.manifest(entry))
        self.assertEqual(['none'], [n for n in made[1].nics])
        text = page.render(samples.manifest(entry))
        self.assertThat(text, matchers.Not(matchers.Contains('NETWORK')))

    def test_one_with_and_one_without_networks(self):
        with_one = dataclasses.replace(
            IMAGE_BACKED,
            id='2',
            name='on a network',
            addresses=(resources.Address('net', '10.0.0.1'),),
        )
        shell, _made = commands.done(
            self,
            samples.manifest(
                samples.server_entry(IMAGE_BACKED),
                samples.server_entry(with_one),
            ),
        )
        calls = [c for c in shell.calls if c[:2] == ['server', 'create']]
        self.assertEqual(
            [('--nic', 'none'), ('--network', 'net')],
            [
                (calls[0][i], calls[0][i + 1])
                for i, word in enumerate(calls[0])
                if word == '--nic'
            ]
            + [
                (calls[1][i], calls[1][i + 1])
                for i, word in enumerate(calls[1])
                if word == '--network'
            ],
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

    def assertFlavors(self, disk, ram):
        self.assertIn(
            [
                *('flavor', 'list'),
                *('--min-disk', str(disk), '--min-ram', str(ram)),
                *('--sort-column', 'RAM', '--sort-column', 'VCPUs'),
                *('--sort-column', 'Disk'),
            ],
            self.shell.calls,
        )

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
        self.assertFlavors(4, 512)

    def test_nothing_is_known(self):
        server = dataclasses.replace(IMAGE_BACKED, disk_gib=0)
        made = self.image(server)
        self.assertEqual({}, made.properties or {})
        self.assertIsNone(made.min_disk)
        self.assertFlavors(0, 0)

    def test_flavors_that_fit(self):
        self.image(self.SERVER, image=self.HELD)
        self.assertFlavors(10, 512)
        text = ' '.join(
            page.render(
                samples.manifest(
                    samples.server_entry(self.SERVER, image=self.HELD)
                )
            ).split()
        )
        for said in (
            'flavor m1.small',
            'The server had 2 VCPUs, 512 MiB of memory, and 10 GiB of disk.',
            'less than 10 GiB of disk and 64 MiB of memory.',
        ):
            self.assertThat(text, matchers.Contains(said))

    def test_flavors_for_a_volume(self):
        """Its disk does not count, and its memory does."""
        root = dataclasses.replace(
            samples.ROOT, image_metadata={'min_disk': '1', 'min_ram': '640'}
        )
        server = dataclasses.replace(samples.SERVER, vcpus=1, ram_mib=512)
        self.shell, _made = commands.done(
            self,
            samples.manifest(samples.volume_entry(root), without_disk(server)),
        )
        self.assertFlavors(0, 640)


class TestShelved(testtools.TestCase):
    """The image of a shelved server is an item of the set by itself."""

    IMAGE = dataclasses.replace(samples.IMAGE, name='web-shelved')

    def manifest(self, **changes):
        return samples.manifest(
            samples.image_entry(self.IMAGE, **changes),
            samples.server_entry(
                dataclasses.replace(IMAGE_BACKED, disk_gib=20),
                file=None,
                covered_by=self.IMAGE.resource.label,
            ),
        )

    def test_server_of_that_image(self):
        shell, made = commands.done(self, self.manifest())
        server = next(m for m in made if hasattr(m, 'flavor'))
        self.assertEqual('new-image', server.image)
        self.assertIn(
            ['image', 'set', '--min-disk', '20', 'new-image'], shell.calls
        )
        uploads = [c for c in shell.calls if c[:2] == ['image', 'create']]
        self.assertEqual(1, len(uploads))

    def test_image_without_a_file(self):
        text = page.render(
            self.manifest(file=None, state=outcome.State.FAILED)
        )
        self.assertThat(
            text, matchers.Contains('root disk is not in this set')
        )

    def test_image_of_nobody(self):
        shell, _made = commands.done(
            self, samples.manifest(samples.image_entry(self.IMAGE))
        )
        self.assertNotIn(['image', 'set'], [c[:2] for c in shell.calls])
