# SPDX-License-Identifier: Apache-2.0
"""Images: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools

from backupclient.tests.unit.manifest import samples
from backupclient.tests.unit.manifest.restore import commands


class TestImage(testtools.TestCase):
    def done(self, image, **changes):
        entry = samples.image_entry(image, **changes)
        return commands.done(self, samples.manifest(entry))

    def test_command(self):
        _shell, (image,) = self.done(samples.IMAGE)
        self.assertEqual('golden image', image.name)
        self.assertEqual(f'images/{samples.IMAGE.id}.qcow2', image.filename)
        self.assertEqual('qcow2', image.disk_format)
        self.assertEqual('bare', image.container_format)
        self.assertEqual(10, image.min_disk)
        self.assertEqual(512, image.min_ram)
        self.assertEqual({'os_distro': 'debian'}, image.properties)
        self.assertEqual(['base', 'v 2'], image.tags)
        self.assertIsNone(image.is_protected)

    def test_protected(self):
        _shell, (image,) = self.done(
            dataclasses.replace(samples.IMAGE, protected=True)
        )
        self.assertTrue(image.is_protected)

    def test_encrypted(self):
        image = dataclasses.replace(
            samples.IMAGE,
            properties={
                'cinder_encryption_key_id': 'old',
                'cinder_encryption_key_deletion_policy': 'on_image_deletion',
            },
        )
        shell, (made,) = self.done(
            image, key=samples.key_record(f'keys/image-{image.id}.key')
        )
        self.assertEqual(
            {'cinder_encryption_key_id': 'new-secret'}, made.properties
        )
        # The image has no key of its own: the stored one stays.
        self.assertEqual(
            ['store'], [call[1] for call in shell.calls if 'secret' in call]
        )
