# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import tags
from backupclient.tests.unit import items
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class ToFileTestCase(every_failure.EveryFailure):
    """The image is only on its way to the file."""

    procedure = plans.Procedure.VOLUME_IMAGE
    more = {'to_file': True}

    def seed(self):
        volume = self.cloud.cinder.add_volume('data', base.DATA)
        return self.work.cloud.cinder.volume(volume['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        path = f'volumes/{self.item.resource.id}.raw'
        self.check_file(made, path, base.DATA)
        self.assertEqual('sha512', made.file.verified)
        self.assertIsNone(made.artifact)

    def test_requests(self):
        self.go()
        volume, image = self.item.resource.id, '00000002-image'
        self.assertEqual(
            [
                f'POST cinder /volumes/{volume}/action',
                f'PATCH glance /images/{image}',
                f'DELETE glance /images/{image}',
            ],
            self.cloud.asked('POST', 'PATCH', 'DELETE'),
        )
        found = next(r for r in self.cloud.seen if r.method == 'POST')
        self.assertEqual(
            {
                'image_name': tags.name(base.RUN, self.item.resource),
                'disk_format': 'raw',
                'container_format': 'bare',
                'visibility': 'private',
            },
            found.json['os-volume_upload_image'],
        )
        self.assertEqual(1, self.captured)

    def test_role_of_the_image_on_its_way(self):
        self.go()
        patch = next(r for r in self.cloud.seen if r.method == 'PATCH')
        values = {each['path']: each['value'] for each in patch.json}
        self.assertEqual('temporary', values['/backupclient_role'])

    def test_failed_upload(self):
        """The volume is available again as if all were well."""
        self.cloud.cinder.uploads = False
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn('Failed to upload volume to image', str(failure))
        self.assertIn(self.item.resource.id, str(failure))
        self.check_untouched()
        self.assertEqual({}, self.new_things())

    def test_busy_volume_is_waited_for(self):
        volume = self.cloud.world.things['volumes'][self.item.resource.id]
        volume['status'] = 'detaching'
        self.cloud.world.later(lambda: volume.update(status='available'), 5)
        self.check_complete(self.go())

    def test_changed_volume_is_refused_before_the_post(self):
        """Each refused upload of an encrypted one would leak a key."""
        volume = self.cloud.world.things['volumes'][self.item.resource.id]
        volume['status'] = 'in-use'
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn('new plan', str(failure))
        self.assertEqual([], self.cloud.asked('POST'))

    def test_never_ready(self):
        self.cloud.world.delay = 10_000
        self.assertRaises(errors.WaitTimeout, self.go)
        self.assertGreater(self.clock.slept, 3600)
        self.assertEqual({}, self.new_things())

    def test_broken_downloads_are_continued(self):
        for ranges in (True, False):
            self.begin()
            self.cloud.glance.ranges = ranges
            self.cloud.glance.breaks = [1000, 500, 70_000]
            self.check_complete(self.go())

    def test_wrong_bytes(self):
        self.cloud.fail(
            self._falsify, 'GET glance /images/00000002-image/file', times=9
        )
        self.assertRaises(errors.TransferError, self.go)
        self.assertEqual({}, self.folder.files())
        self.assertEqual({}, self.new_things())

    def _falsify(self):
        self.cloud.world.content['00000002-image'] = b'x' * len(base.DATA)

    def test_killed_download_goes_on(self):
        """The next process downloads only what is missing."""
        self.cloud.glance.breaks = [120_003]
        path = 'GET glance /images/00000002-image/file'
        self.cloud.fail(wire.Killed(), path, skip=1)
        self.assertRaises(wire.Killed, self.go)
        self.new_process()
        self.check_complete(self.go())
        ranges = [
            request.headers.get('Range')
            for request in self.cloud.seen
            if str(request) == path
        ]
        self.assertEqual(['bytes=120003-', 'bytes=120003-'], ranges[1:])


class InCloudTestCase(every_failure.EveryFailure):
    """The image is the backup."""

    procedure = plans.Procedure.VOLUME_IMAGE
    kept = False

    def seed(self):
        volume = self.cloud.cinder.add_volume('data', base.DATA)
        return self.work.cloud.cinder.volume(volume['id'])

    def check_complete(self, made):
        ((kind, id_),) = self.new_things()
        self.assertEqual(('images', made.artifact.id), (kind, id_))
        image = self.cloud.world.things['images'][id_]
        self.assertEqual(made.artifact.name, image['name'])
        resource = self.item.resource
        wanted = tags.metadata(base.RUN, resource, tags.Role.ARTIFACT)
        self.assertEqual(wanted, {key: image.get(key) for key in wanted})
        self.assertEqual(base.DATA, self.cloud.world.content[id_])
        self.assertEqual({}, self.folder.files())

    def test_a_person_sees_what_it_is(self):
        name = tags.name(base.RUN, self.item.resource)
        self.assertEqual(f'{name} (data)', self.go().artifact.name)

    def test_begun_by_an_earlier_release(self):
        """The image still has its first name, or has its tags already."""
        resource = self.item.resource
        name = tags.name(base.RUN, resource)
        marks = tags.metadata(base.RUN, resource, tags.Role.ARTIFACT)
        for properties in ({}, marks):
            self.begin()
            begun = self.cloud.glance.add_image(name, base.DATA, **properties)
            made = self.go()
            self.assertEqual(begun['id'], made.artifact.id)
            self.assertEqual([], self.cloud.asked('POST'))
            self.check_complete(made)

    def test_name(self):
        """The user's name comes when the image is found by its tags."""
        self.work = dataclasses.replace(self.work, name='nightly')
        made = self.go()
        self.assertEqual('nightly-data', made.artifact.name)
        self.check_complete(made)


class KeptTestCase(base.TestCase):
    procedure = plans.Procedure.VOLUME_IMAGE
    more = {'to_file': True, 'keep_image': True}
    seed = InCloudTestCase.seed

    def test_both(self):
        made = self.go()
        ((kind, id_),) = self.new_things()
        self.assertEqual(('images', made.artifact.id), (kind, id_))
        path = f'volumes/{self.item.resource.id}.raw'
        self.check_file(made, path, base.DATA)


class LimitsTestCase(base.TestCase):
    """Cinder does not give ``min_disk`` and ``min_ram`` to its images."""

    procedure = plans.Procedure.VOLUME_IMAGE

    def seed(self):
        volume = self.cloud.cinder.add_volume(
            'data',
            base.DATA,
            volume_image_metadata={'min_disk': '1', 'min_ram': '32'},
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def patched(self):
        """What the image was told, by paths."""
        patch = next(r for r in self.cloud.seen if r.method == 'PATCH')
        return {each['path']: each['value'] for each in patch.json}

    def test_image_that_stays(self):
        made = self.go()
        image = self.cloud.world.things['images'][made.artifact.id]
        self.assertEqual((1, 32), (image['min_disk'], image['min_ram']))

    def test_image_on_its_way(self):
        self.item = items.changed(self.item, to_file=True)
        self.go()
        self.assertNotIn('/min_disk', self.patched())

    def test_nothing_said(self):
        plain = dataclasses.replace(
            self.item.volume, image_metadata={'min_disk': '0', 'min_ram': 'x'}
        )
        self.item = dataclasses.replace(self.item, seen=plain)
        self.go()
        self.assertNotIn('/min_disk', self.patched())
        self.assertNotIn('/min_ram', self.patched())
