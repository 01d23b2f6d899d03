# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.model import plan
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class ServerTestCase(every_failure.EveryFailure):
    procedure = plan.Procedure.SERVER_IMAGE
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
