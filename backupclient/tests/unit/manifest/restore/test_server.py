# SPDX-License-Identifier: Apache-2.0
"""Servers: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools
from testtools import matchers

from backupclient.manifest.restore import page
from backupclient.model import outcome
from backupclient.model import resources
from backupclient.tests.unit.manifest import samples
from backupclient.tests.unit.manifest.restore import commands

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
                artifact=outcome.Artifact('image', 'i-1', 'kept'),
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
                    resources.Server('1', 'a', 'ACTIVE', 'image')
                )
            )
        )
        self.assertThat(text, matchers.Contains('NETWORK=...'))
        self.assertThat(text, matchers.Contains('"${NETWORK:?}"'))
        self.assertThat(text, matchers.Contains('--flavor FLAVOR'))
