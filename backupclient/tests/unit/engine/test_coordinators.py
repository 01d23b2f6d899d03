# SPDX-License-Identifier: Apache-2.0
"""What the coordinator does beside the flows."""

import fixtures

from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


class CoordinatorTestCase(base.TestCase):
    def _plan(self, **options):
        server = self.fake.nova.add_server('web', b'root')
        self.server_id = server['id']
        self.fake.cinder.add_volume('data', base.DATA, server=self.server_id)
        return self.plan(target=str(self.target), stop_servers=True, **options)

    def _status(self):
        self.fake.world.settle()
        return self.fake.world.things['servers'][self.server_id]['status']

    def test_fault_of_the_program(self):
        """Whatever goes wrong here, no server stays off."""
        planned = self._plan()

        def broken(*_):
            raise TypeError('odd')

        name = 'backupclient.engine.schedules.Schedule.hear'
        self.fake.fail(
            lambda: self.useFixture(fixtures.MonkeyPatch(name, broken)),
            'POST cinder /snapshots',
        )
        self.assertRaises(TypeError, self.start, planned)
        self.assertEqual('ACTIVE', self._status())

    def test_start_is_tried_once_more(self):
        """When all else is over; then it is for a resume."""
        starts = f'POST nova /servers/{self._plan_id()}/action'
        for times, code in ((1, 0), (9, 130)):
            self.begin()
            planned = self._plan()
            self.fake.fail(REFUSED, starts, skip=2, times=times, same=False)
            self.assertEqual(code, self.start(planned).exit_code)
            told = ' '.join(self.reporter.said)
            self.assertEqual(min(times, 2), told.count('could not be started'))
            self.assertEqual(code == 0, self._status() == 'ACTIVE')

    def _plan_id(self):
        self._plan()
        return self.server_id

    def test_busy_volume_does_not_stop_its_server(self):
        """Another run works on it: there is nothing to be off for."""
        self.fake.world.add('images', 'a lease', **_lease('volume/'))
        planned = self.plan_of_one_volume()
        report = self.start(planned)
        self.assertEqual({'data': 'skipped'}, self.states(report))
        self.assertEqual([], self.fake.asked('POST nova'))

    def plan_of_one_volume(self):
        server = self.fake.nova.add_server('web', b'root')
        volume = self.fake.cinder.add_volume(
            'data', base.DATA, server=server['id']
        )
        for image in self.fake.world.things['images'].values():
            image['backupclient_claims'] = f'volume/{volume["id"]}'
            image['updated_at'] = self.fake.world.now().isoformat()
        return self.plan(
            everything=False,
            volumes=('data',),
            target=str(self.target),
            stop_servers=True,
        )


def _lease(claims):
    return {
        'status': 'queued',
        'owner': 'c0ffee00c0ffee00c0ffee00c0ffee00',
        'visibility': 'private',
        'os_hidden': False,
        'protected': False,
        'disk_format': 'raw',
        'container_format': 'bare',
        'size': None,
        'tags': [],
        'created_at': '2026-01-02T03:04:05Z',
        'updated_at': '2026-01-02T03:04:05Z',
        'backupclient_run': '20250102T030405Z-aaaa',
        'backupclient_role': 'lease',
        'backupclient_host': 'elsewhere',
        'backupclient_claims': claims,
    }
