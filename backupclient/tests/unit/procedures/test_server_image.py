# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.engine import concluding
from backupclient.model import plans
from backupclient.model import tags
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class ServerTestCase(every_failure.EveryFailure):
    procedure = plans.Procedure.SERVER_IMAGE
    more = {'to_file': True}

    def seed(self):
        server = self.cloud.nova.add_server('web', base.DATA)
        return self.work.cloud.nova.server(server['id'])

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        path = f'servers/{self.item.resource.id}.qcow2'
        self.check_file(made, path, base.DATA)

    def test_requests(self):
        self.go()
        self.assertEqual(
            [
                f'POST nova /servers/{self.item.resource.id}/action',
                'PATCH glance /images/00000002-image',
                'DELETE glance /images/00000002-image',
            ],
            self.cloud.asked('POST', 'PATCH', 'DELETE'),
        )

    def test_captured_when_nova_is_done(self):
        """Not already when the image is there: no other action fits."""
        self.cloud.world.delay = 5
        states = []
        server = self.cloud.world.things['servers'][self.item.resource.id]
        self.cloud.fail(
            lambda: states.append(server['OS-EXT-STS:task_state']),
            'PATCH glance',
        )
        self.go()
        self.assertEqual([None], states)

    def test_busy_server_is_waited_for(self):
        server = self.cloud.world.things['servers'][self.item.resource.id]
        server['OS-EXT-STS:task_state'] = 'rebooting'
        done = {'OS-EXT-STS:task_state': None}
        self.cloud.world.later(lambda: server.update(done), 5)
        self.check_complete(self.go())

    def test_failed_copy(self):
        self.cloud.nova.captures = False
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn(self.item.resource.label, str(failure))
        self.assertEqual({}, self.new_things())
        self.check_untouched()

    def test_server_in_a_wrong_state(self):
        for status in ('ERROR', 'SHELVED_OFFLOADED', 'DELETED'):
            self.begin()
            id_ = self.item.resource.id
            self.cloud.world.things['servers'][id_]['status'] = status
            self.assertRaises(errors.WaitFailed, self.go)
            self.assertEqual([], self.cloud.asked('POST'))


class HardwareTestCase(base.TestCase):
    """What the image of the disk says, which is deleted afterwards."""

    procedure = plans.Procedure.SERVER_IMAGE
    more = {'to_file': True}

    def seed(self):
        source = self.cloud.glance.add_image(
            'source', b'x', min_ram=32, hw_disk_bus='scsi', ours='too'
        )
        server = self.cloud.nova.add_server(
            'web', base.DATA, image={'id': source['id']}
        )
        self.cloud.glance.drop(source)
        return self.work.cloud.nova.server(server['id'])

    def check(self, made):
        self.assertEqual({}, self.new_things())
        self.assertEqual(
            {'hw_disk_bus': 'scsi', 'ours': 'too'}, made.described.properties
        )
        self.assertEqual(
            (1, 32), (made.described.min_disk, made.described.min_ram)
        )
        self.assertEqual('qcow2', made.described.disk_format)

    def test_is_kept(self):
        self.check(self.go())

    def test_is_kept_over_a_kill(self):
        self.cloud.fail(wire.Killed(), 'GET glance /images', skip=9)
        self.assertRaises(wire.Killed, self.go)
        self.new_process()
        self.check(self.go())

    def test_is_in_the_outcome(self):
        made = self.go()
        found = concluding.complete(self.item, made)
        self.assertEqual(made.described, found.image)


class NameTestCase(base.TestCase):
    """An image that stays."""

    procedure = plans.Procedure.SERVER_IMAGE

    def seed(self):
        server = self.cloud.nova.add_server('web', base.DATA)
        return self.work.cloud.nova.server(server['id'])

    def test_a_person_sees_what_it_is(self):
        made = self.go()
        image = self.cloud.world.things['images'][made.artifact.id]
        name = tags.name(base.RUN, self.item.resource)
        self.assertEqual(f'{name} (web)', image['name'])
        self.assertEqual(image['name'], made.artifact.name)
