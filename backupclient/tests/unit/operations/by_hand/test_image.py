# SPDX-License-Identifier: Apache-2.0
"""Images: what the page says, run with OSC's own parsers."""

import dataclasses

import testtools
from testtools import matchers

from backupclient.model import results
from backupclient.operations.by_hand import page
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.operations.by_hand import test_page
from backupclient.tests.unit.sets import samples


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

    def test_longest_name(self):
        """It is not cut for a suffix that nobody has chosen."""
        long = dataclasses.replace(samples.IMAGE, name='x' * 255)
        _shell, (image,) = self.done(long)
        self.assertEqual(long.name, image.name)
        text = page.render(samples.manifest(samples.image_entry(long)))
        self.assertNotIn('--suffix', text)

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
            ['POST', 'PUT'], [method for method, *_ in shell.requests]
        )

    def test_hidden(self):
        shell, (_image, hidden) = self.done(
            dataclasses.replace(samples.IMAGE, hidden=True, protected=True)
        )
        self.assertEqual('new-image', hidden.image)
        self.assertTrue(hidden.is_hidden)
        self.assertEqual(
            ['image', 'set', '--hidden', 'new-image'], shell.calls[-1]
        )

    def test_title_fits_its_command(self):
        image = dataclasses.replace(samples.IMAGE, hidden=True)
        text = page.render(samples.manifest(samples.image_entry(image)))
        self.assertThat(
            test_page.words(text),
            matchers.Contains('Finish the image: openstack image set'),
        )

    def test_texts_come_back_as_they_were(self):
        text = "a\nb\t\u202e\x1b'!`$(x)\\ \U0001f600 "
        _shell, (image,) = self.done(
            dataclasses.replace(
                samples.IMAGE,
                name=text,
                tags=(text,),
                properties={text: text, 'x': '='},
            )
        )
        self.assertEqual(text, image.name)
        self.assertEqual([text], image.tags)
        self.assertEqual({text: text, 'x': '='}, image.properties)

    def test_properties_that_no_command_can_give(self):
        image = dataclasses.replace(
            samples.IMAGE,
            properties={'a=b': 'c', '': 'd', 'e': '\0', 'owner_id': '\0'},
        )
        _shell, (made,) = self.done(image)
        self.assertEqual({'e': ' '}, made.properties)
        text = page.render(samples.manifest(samples.image_entry(image)))
        for said in ('=d', 'a=b=c', "'e= '"):
            self.assertIn(f'property as it was: {said}\n', text)

    def test_no_copy(self):
        entry = samples.image_entry(
            samples.IMAGE, file=None, state=results.State.FAILED
        )
        text = page.render(samples.manifest(entry))
        self.assertThat(text, matchers.Contains('### Image `golden image`'))
        self.assertThat(
            text, matchers.Contains('There are no commands for it')
        )
