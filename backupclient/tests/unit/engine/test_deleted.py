# SPDX-License-Identifier: Apache-2.0
"""What is backed up is deleted meanwhile: that is said, and nothing else."""

from backupclient.model import tags
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire


class DeletedTestCase(base.TestCase):
    def seed(self):
        server = self.fake.nova.add_server('web', b'root' * 1000)
        self.fake.cinder.add_volume('data', base.DATA, server=server['id'])
        self.fake.cinder.add_volume('spare', b'spare' * 900)
        self.fake.glance.add_image('golden', b'gold' * 777)
        self.fake.barbican.add_secret('word', b'sesame', secret_type='opaque')
        return self.plan(target=str(self.target), plaintext_keys=True)

    def delete(self, name):
        """Let a thing go, and what is just being made of it."""
        things = self.fake.world.things
        for kind in ('servers', 'volumes', 'images', 'secrets'):
            for id_, thing in list(things[kind].items()):
                if thing['name'] == name:
                    self.fake.world.remove(kind, id_)
        for id_, image in list(things['images'].items()):
            is_lease = image.get(tags.ROLE) == tags.Role.LEASE
            if image['status'] in ('queued', 'saving') and not is_lease:
                self.fake.world.remove('images', id_)

    def check(self, name, label, at, **more):
        """Delete a thing at a request, and look at its reason."""
        self.begin()
        planned = self.seed()
        fault = self.fake.fail(lambda: self.delete(name), at, **more)
        report = self.start(planned)
        self.assertTrue(fault.hit, at)
        (reason,) = [one.reason for one in report.outcomes if one.reason]
        self.assertIn(f'The {label} "{name}" (', reason)
        self.assertTrue(reason.endswith(' was deleted during the backup.'))
        self.assertEqual(3, report.exit_code)
        states = self.states(report)
        self.assertEqual('failed', states.pop(name))
        self.assertEqual({'complete'}, {*states.values()})

    def test_server(self):
        self.check('web', 'server', 'POST nova')
        self.check('web', 'server', 'GET nova /servers/')
        self.check('web', 'server', 'GET glance /images/')

    def test_volume_in_use(self):
        self.check('data', 'volume', 'POST cinder /snapshots')
        self.check('data', 'volume', 'GET cinder /volumes/')

    def test_volume(self):
        self.check('spare', 'volume', 'POST cinder /volumes/00000002-volume/')
        self.check('spare', 'volume', 'GET cinder /volumes/00000002-volume')

    def test_image(self):
        self.check('golden', 'image', 'GET glance /images/00000001-image')
        self.check('golden', 'image', 'GET glance /images/00000001-image/file')

    def test_image_in_the_middle_of_its_data(self):
        self.begin()
        planned = self.seed()
        half = wire.Answer(content=b'gold' * 777, breaks=99)
        path = 'GET glance /images/00000001-image/file'
        self.fake.fail(half, path)
        self.fake.fail(lambda: self.delete('golden'), path)
        report = self.start(planned)
        (reason,) = [one.reason for one in report.outcomes if one.reason]
        self.assertIn('The image "golden"', reason)

    def test_secret(self):
        self.check('word', 'secret', 'GET barbican /secrets/00000001-secret')
        self.check(
            'word', 'secret', 'GET barbican /secrets/00000001-secret/payload'
        )

    def test_server_whose_copy_is_complete(self):
        """It is deleted when its image has all data: that is a backup."""
        self.begin()
        self.fake.world.delay = 5
        planned = self.seed()

        def active(request):
            images = self.fake.world.things['images'].values()
            return str(request).startswith('GET nova /servers/') and any(
                image['status'] == 'active' and image['disk_format'] == 'qcow2'
                for image in images
            )

        self.fake.faults.append(wire.Fault(lambda: self.delete('web'), active))
        report = self.start(planned)
        self.assertTrue(self.fake.faults[-1].hit)
        self.assertEqual({'complete'}, {*self.states(report).values()})

    def test_another_failure_is_told_as_it_is(self):
        self.begin()
        planned = self.seed()
        self.fake.nova.captures = False
        report = self.start(planned)
        (reason,) = [one.reason for one in report.outcomes if one.reason]
        self.assertIn('openstack server event list', reason)
