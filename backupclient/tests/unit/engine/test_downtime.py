# SPDX-License-Identifier: Apache-2.0

import shutil

from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


def _of_the_server(request):
    return request.service == 'nova'


def _stops_or_starts(request):
    return request.body.startswith(b'{"os-')


class DowntimeTestCase(base.TestCase):
    """``--stop-servers``: down for the captures, and never longer."""

    def _plan(self, status='ACTIVE'):
        server = self.fake.nova.add_server('web', b'root', status=status)
        self.server_id = server['id']
        self.fake.cinder.add_volume('data', base.DATA, server=self.server_id)
        return self.plan(target=str(self.target), stop_servers=True)

    def _server(self):
        self.fake.world.settle()
        return self.fake.world.things['servers'][self.server_id]

    def _check_runs(self):
        self.check_cloud()
        self.assertEqual('ACTIVE', self._server()['status'])
        for journal in self.journals():
            self.assertEqual(frozenset(), journal.stopped())

    def _actions(self):
        return [
            next(iter(request.json))
            if request.service == 'nova'
            else request.path.rpartition('/')[2]
            for request in self.fake.seen
            if request.method == 'POST' and request.path != '/images'
        ]

    def test_down_from_the_first_to_the_last_capture(self):
        report = self.start(self._plan())
        self.assertEqual(0, report.exit_code)
        self._check_runs()
        actions = self._actions()
        self.assertEqual('os-stop', actions[0])
        begun = actions.index('os-start')
        self.assertEqual(
            {'os-stop', 'createImage', 'snapshots'}, {*actions[:begun]}
        )
        # The rest, the temporary volume and its upload, needs no stop.
        self.assertEqual(['volumes', 'action'], actions[begun + 1 :])
        self.assertEqual(1, actions.count('os-stop'))

    def test_side_by_side(self):
        report = self.start(self._plan(), parallel=4)
        self.assertEqual(0, report.exit_code)
        self._check_runs()
        self.assertEqual(1, self._actions().count('os-stop'))

    def test_captured_while_it_is_down(self):
        states = []

        def look():
            states.append(
                self.fake.world.things['servers'][self.server_id]['status']
            )

        planned = self._plan()
        self.fake.fail(look, 'POST cinder /snapshots')
        self.start(planned)
        self.assertEqual(['SHUTOFF'], states)

    def test_only_who_ran_is_started(self):
        report = self.start(self._plan('SHUTOFF'))
        self.assertEqual(0, report.exit_code)
        self.check_cloud()
        self.assertNotIn('os-start', self._actions())

    def test_only_when_asked_to(self):
        self.fake.nova.add_server('web', b'root')
        self.start(self.plan(target=str(self.target)))
        self.assertEqual(['createImage'], self._actions())

    def test_failures(self):
        for skip in range(100):
            self.begin()
            planned = self._plan()
            fault = wire.Fault(REFUSED, _of_the_server, skip)
            self.fake.faults.append(fault)
            self.start(planned)
            if not fault.hit:
                return
            # What may not be started cannot be; and it is told.
            if b'os-start' in fault.hit[0].body:
                self.assertIn(
                    f'openstack server start {self.server_id}',
                    ' '.join(self.reporter.said),
                )
            elif fault.hit[0].method == 'GET' and not self._running():
                self.assertIn(
                    'could not be started', ' '.join(self.reporter.said)
                )
            else:
                self.assertEqual('ACTIVE', self._server()['status'], fault.hit)

    def _running(self):
        return self._server()['status'] == 'ACTIVE'

    def test_interrupted(self):
        for number in range(1, 100):
            self.begin()
            self.new_process(stop_at=number)
            report = self.start(self._plan())
            self._check_runs()
            if len(self.clock.pauses) < number:
                return
            self.assertTrue(report.interrupted)
            self.new_process()
            self.assertEqual(0, self.resume().exit_code)
            self._check_runs()

    def test_killed(self):
        for done in (False, True):
            for skip in range(100):
                self.begin()
                planned = self._plan()
                fits = _stops_or_starts if done else _of_the_server
                kill = wire.Fault(wire.Killed(), fits, skip, done=done)
                self.fake.faults.append(kill)
                try:
                    self.start(planned)
                except wire.Killed:
                    self.new_process()
                    report = self.resume()
                    reasons = [one.reason for one in report.outcomes]
                    self.assertEqual(0, report.exit_code, (kill.hit, reasons))
                self._check_runs()
                if not kill.hit:
                    break

    def test_journal_that_is_gone(self):
        """Whatever ends the run: the server is started."""
        for lost in ('outcomes', ''):
            self.begin()
            planned = self._plan()
            self.fake.fail(
                lambda lost=lost: shutil.rmtree(
                    self.journals()[0].folder / lost
                ),
                'POST cinder /volumes',
            )
            self.assertEqual(130, self.start(planned).exit_code)
            self.assertEqual('ACTIVE', self._server()['status'])
            self.check_cloud()

    def _kill_after_the_captures(self):
        planned = self._plan()
        self.fake.fail(wire.Killed(), 'POST cinder /volumes', done=True)
        self.assertRaises(wire.Killed, self.start, planned)
        self.new_process()
        self.fake.seen.clear()

    def test_captured_before_it_was_killed(self):
        """There is nothing left to stop the server for."""
        self._kill_after_the_captures()
        self.assertEqual(0, self.resume().exit_code)
        self.assertEqual(['action'], self._actions())
        self._check_runs()

    def test_captured_again(self):
        """The capture is gone, by a cleanup: down once more for the next."""
        self._kill_after_the_captures()
        self.fake.world.settle()
        for kind, id_ in (
            self.fake.world.holdings().keys() - self.before.keys()
        ):
            if kind in ('volumes', 'snapshots'):
                self.fake.remove(kind, id_)
        states = []

        def look():
            states.append(
                self.fake.world.things['servers'][self.server_id]['status']
            )

        self.fake.fail(look, 'POST cinder /snapshots')
        self.assertEqual(0, self.resume().exit_code)
        self.assertEqual(['SHUTOFF'], states)
        self._check_runs()
