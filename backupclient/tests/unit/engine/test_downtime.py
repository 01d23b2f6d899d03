# SPDX-License-Identifier: Apache-2.0

import contextlib
import dataclasses
import shutil

import fixtures

from backupclient.model import requests
from backupclient.model import stamps
from backupclient.operations import leftovers
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


def _of_the_server(request):
    return request.service == 'nova'


def _stops_or_starts(request):
    return request.body.startswith(b'{"os-')


def _stops_or_captures(request):
    captures = request.method == 'POST' and request.path == '/snapshots'
    return captures or (request.service, request.method) == ('nova', 'POST')


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

    def _disks(self, count):
        """A server with so many volumes, and another one."""
        self._plan()
        for number in range(count - 1):
            self.fake.cinder.add_volume(
                f'data-{number}', base.DATA, server=self.server_id
            )
        other = self.fake.nova.add_server('db', b'root')
        self.fake.cinder.add_volume('db-data', b'db', server=other['id'])
        self.fake.cinder.add_volume('alone', b'alone')
        return self.plan(target=str(self.target), stop_servers=True)

    def test_down_for_no_more_than_its_captures(self):
        """However few turns there are, nothing is copied meanwhile."""
        report = self.start(self._disks(5), parallel=1)
        self.assertEqual(0, report.exit_code)
        self._check_runs()
        seen = [
            f'{request.path} {request.body[:30]}'
            for request in self.fake.seen
            if request.method == 'POST' or request.path.endswith('/file')
        ]
        stop, start = (
            next(n for n, each in enumerate(seen) if words in each)
            for words in (
                f'{self.server_id}/action b\'{{"os-stop',
                f'{self.server_id}/action b\'{{"os-start',
            )
        )
        down = ' '.join(seen[stop:start])
        self.assertEqual(5, down.count('/snapshots'))
        self.assertEqual(1, down.count('createImage'))
        self.assertNotIn('/file', down)
        self.assertNotIn('volume_upload', down)

    def _shared(self, **fields):
        """Two servers that share a volume; each has another one, too."""
        self.server_ids = [
            self.fake.nova.add_server(name, b'root', **fields)['id']
            for name in ('one', 'two')
        ]
        for number, server_id in enumerate(self.server_ids):
            self.fake.cinder.add_volume(
                f'own-{number}', base.DATA, server=server_id
            )
        first, second = self.server_ids
        volume = self.fake.cinder.add_volume(
            'shared', base.DATA, server=first, multiattach=True
        )
        self.shared_id = volume['id']
        volume['attachments'].append(
            {**volume['attachments'][0], 'server_id': second}
        )

    def _states_at_its_capture(self):
        """Note how the servers are when the shared volume is captured."""
        states = []
        servers = self.fake.world.things['servers']

        def look():
            states.extend(servers[each]['status'] for each in self.server_ids)

        def fits(request):
            return (
                request.method == 'POST'
                and request.path == '/snapshots'
                and self.shared_id in request.body.decode()
            )

        self.fake.faults.append(wire.Fault(look, fits, times=9))
        return states

    def _check_shared(self):
        self.check_cloud()
        for each in self.server_ids:
            server = self.fake.world.things['servers'][each]
            self.assertEqual('ACTIVE', server['status'])
        for journal in self.journals():
            self.assertEqual(frozenset(), journal.stopped())

    def test_volume_that_two_servers_share(self):
        """Both are down when it is captured, and each is stopped once."""
        for parallel in (1, 2, 4):
            self.begin()
            self._shared()
            planned = self.plan(target=str(self.target), stop_servers=True)
            states = self._states_at_its_capture()
            report = self.start(planned, parallel)
            self.assertEqual(0, report.exit_code)
            self.assertEqual(['SHUTOFF', 'SHUTOFF'], states)
            self._check_shared()
            self.assertEqual(2, self._actions().count('os-stop'))
            self.assertEqual(2, self._actions().count('os-start'))
            (one,) = (
                o for o in report.outcomes if o.resource.name == 'shared'
            )
            self.assertEqual('stopped', one.consistency)

    def test_shared_volume_by_the_backup_api(self):
        self._shared()
        planned = self.plan(
            stop_servers=True, volume_method=requests.VolumeMethod.BACKUP
        )
        self.assertEqual(0, self.start(planned, 4).exit_code)
        self.check_cloud('images', 'images', *['backups'] * 3)
        self.assertEqual(2, self._actions().count('os-stop'))

    def test_shared_volume_of_a_server_that_does_not_stop(self):
        """The other server runs again."""
        for number in (0, 1):
            self.begin()
            self._shared()
            planned = self.plan(target=str(self.target), stop_servers=True)
            self.fake.fail(
                REFUSED,
                f'POST nova /servers/{self.server_ids[number]}/action',
                times=9,
                same=False,
            )
            report = self.start(planned)
            self.assertEqual(3, report.exit_code)
            self.assertEqual('failed', self.states(report)['shared'])
            self._check_shared()

    def test_shared_volume_and_interruptions(self):
        for number in range(1, 200, 5):
            self.begin()
            self._shared()
            planned = self.plan(target=str(self.target), stop_servers=True)
            self.new_process(stop_at=number)
            self.start(planned, 2)
            self._check_shared()
            if len(self.clock.pauses) < number:
                return
            self.new_process()
            states = self._states_at_its_capture()
            self.assertEqual(0, self.resume().exit_code)
            self.assertEqual({*states}, {'SHUTOFF'} if states else set())
            self._check_shared()

    def test_shared_volume_and_kills(self):
        for skip in range(100):
            self.begin()
            self._shared()
            planned = self.plan(target=str(self.target), stop_servers=True)
            kill = wire.Fault(wire.Killed(), _stops_or_captures, skip)
            self.fake.faults.append(kill)
            try:
                self.start(planned)
            except wire.Killed:
                self.new_process()
                self.assertEqual(0, self.resume().exit_code, kill.hit)
            self._check_shared()
            if not kill.hit:
                self.assertEqual(9, skip)
                return

    def test_shared_volume_of_a_server_that_was_not_asked_for(self):
        self._shared()
        planned = self.plan(
            target=str(self.target),
            stop_servers=True,
            everything=False,
            servers=('one',),
        )
        states = self._states_at_its_capture()
        report = self.start(planned)
        self.assertEqual(0, report.exit_code)
        self.assertEqual('ACTIVE', states[1])
        self._check_shared()
        self.assertEqual(1, self._actions().count('os-stop'))

    def test_locked(self):
        """It is not asked to stop, for Nova refuses that."""
        self._plan()
        self._server()['locked'] = True
        planned = self.plan(target=str(self.target), stop_servers=True)
        report = self.start(planned)
        self.assertEqual(0, report.exit_code)
        self._check_runs()
        self.assertNotIn('os-stop', self._actions())
        self.assertEqual(
            {'crash-consistent'},
            {one.consistency.value for one in report.outcomes},
        )

    def test_locked_since_it_was_planned(self):
        planned = self._plan()
        self._server()['locked'] = True
        report = self.start(planned)
        self.assertEqual(1, report.exit_code)
        for one in report.outcomes:
            self.assertIn('is locked', one.reason)
        self._server()['locked'] = False
        self._check_runs()

    def test_locked_while_it_is_down(self):
        planned = self._plan()
        self.fake.fail(
            lambda: self._server().update(locked=True),
            'POST cinder /snapshots',
        )
        report = self.start(planned)
        self.assertEqual(130, report.exit_code)
        told = ' '.join(self.reporter.said)
        self.assertIn('could not be started', told)
        self.assertIn('is locked', told)
        self._server()['locked'] = False
        self.new_process()
        self.assertEqual(0, self.resume().exit_code)
        self._check_runs()

    def test_scout(self):
        """A server is not down while one of its disks is held."""
        self._disks(2)
        planned = self.plan(stop_servers=True)
        self.assertTrue(any(item.fallback for item in planned.items))
        self.assertEqual(0, self.start(planned, parallel=4).exit_code)
        first, *_ = (
            number
            for number, request in enumerate(self.fake.seen)
            if (request.method, request.path) == ('POST', '/backups')
        )
        stops = [
            number
            for number, request in enumerate(self.fake.seen)
            if b'os-stop' in request.body
        ]
        self.assertEqual(2, len(stops))
        self.assertLess(stops[0], first)
        # The disks of the other server wait for what the first one learns.
        self.assertLess(first, stops[1])

    def test_interrupted_between_the_halves(self):
        for number in range(1, 200, 3):
            self.begin()
            planned = self._disks(3)
            self.new_process(stop_at=number)
            self.start(planned)
            self._check_runs()
            if len(self.clock.pauses) < number:
                return
            self.new_process()
            self.assertEqual(0, self.resume().exit_code)
            self._check_runs()

    def test_server_that_does_not_start(self):
        """It is tried again, and the run has not ended before it runs."""
        planned = self._plan()
        self.fake.fail(
            REFUSED,
            f'POST nova /servers/{self.server_id}/action',
            skip=2,
            times=9,
            same=False,
        )
        report = self.start(planned)
        self.assertEqual(130, report.exit_code)
        self.assertEqual(
            {'web': 'complete', 'data': 'complete'}, self.states(report)
        )
        self.assertTrue((self.folder(report) / 'manifest.json').is_file())
        told = [t for t in self.reporter.said if 'could not be started' in t]
        self.assertEqual(2, len(told))
        self.fake.faults.clear()
        self.new_process()
        self.assertEqual(0, self.resume().exit_code)
        self._check_runs()

    def test_started_since_it_was_planned(self):
        """A copy is worth what its server was when it was captured."""
        for status, worth in ('SHUTOFF', 'stopped'), ('ACTIVE', 'crash'):
            self.begin()
            self._plan('SHUTOFF')
            planned = self.plan(target=str(self.target))
            self._server()['status'] = status
            report = self.start(planned)
            self.assertEqual(0, report.exit_code)
            for one in report.outcomes:
                self.assertTrue(one.consistency.startswith(worth), one)
                notes = ' '.join(one.notes)
                self.assertEqual(worth == 'crash', 'was running' in notes)

    def test_time_of_the_capture(self):
        """It is that of the snapshot, whenever the run is resumed."""
        self.fake.cinder.add_volume('data', base.DATA, server='of-others')
        planned = self.plan(target=str(self.target))
        self.fake.fail(wire.Killed(), 'POST cinder /snapshots', done=True)
        self.assertRaises(wire.Killed, self.start, planned)
        (snapshot,) = self.fake.world.things['snapshots'].values()
        self.new_process()
        self.clock.sleep(86400.0)
        (one,) = self.resume().outcomes
        self.assertEqual(
            stamps.read(snapshot['created_at']), stamps.read(one.captured_at)
        )

    def test_killed_and_not_resumed(self):
        """Whoever cleans up or starts anew hears of it."""
        planned = self._plan()
        self.fake.fail(wire.Killed(), 'POST cinder /snapshots')
        self.assertRaises(wire.Killed, self.start, planned)
        self.new_process()
        (journal,) = self.journals()
        said = leftovers.servers_off(self.cloud.identity)
        self.assertIn(f'openstack server start {self.server_id}', *said)
        elsewhere = dataclasses.replace(self.cloud.identity, project_id='x')
        self.assertEqual([], leftovers.servers_off(elsewhere))
        (journal.folder / 'run.json').write_text('{')
        self.assertEqual(said, leftovers.servers_off(elsewhere))

        def refuse(_):
            raise PermissionError

        # One that is somebody else's keeps nobody from a backup.
        path = 'backupclient.engine.journals.Journal.has_ended'
        with fixtures.MonkeyPatch(path, property(refuse)):
            self.assertEqual([], leftovers.servers_off(elsewhere))

    def test_left_at_once(self):
        """What is said then names the servers that are off at that time."""
        texts = []

        @contextlib.contextmanager
        def orderly(clock, reporter, left_text):
            texts.append(left_text)
            yield

        said = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.engine.interruption.orderly', orderly
            )
        )
        planned = self._plan()
        self.fake.fail(
            lambda: said.append(texts[0]()), 'POST cinder /snapshots'
        )
        report = self.start(planned)
        said.append(texts[0]())
        for text in said:
            self.assertIn(f'run --resume {report.run}', text)
        started = f'openstack server start {self.server_id}'
        self.assertEqual([True, False], [started in text for text in said])

    def test_lost_answer(self):
        for action in b'os-stop', b'os-start':
            for status in 503, 500:
                for done in True, False:
                    self.begin()
                    planned = self._plan()
                    fault = wire.Fault(
                        wire.Answer(status, {}),
                        lambda sent, action=action: action in sent.body,
                        done=done,
                    )
                    self.fake.faults.append(fault)
                    self.assertEqual(0, self.start(planned).exit_code)
                    self.assertTrue(fault.hit)
                    self._check_runs()

    def test_backups_are_kept_when_interrupted(self):
        """What is complete stays, though its server waits for others."""
        for number in range(1, 60):
            self.begin()
            self._disks(3)
            planned = self.plan(
                stop_servers=True, volume_method=requests.VolumeMethod.BACKUP
            )
            self.new_process(stop_at=number)
            report = self.start(planned)
            self.fake.world.settle()
            # The one that is being made is undone, and no other.
            undone = self.fake.asked('DELETE cinder /backups')
            self.assertLessEqual(len(undone), 1)
            self.assertEqual('ACTIVE', self._server()['status'])
            if not report.interrupted:
                return
            self.new_process()
            self.assertEqual(0, self.resume().exit_code)

    def test_server_that_takes_its_time_to_stop(self):
        """It is ACTIVE for as long as its guest shuts down."""
        for number in range(1, 60):
            self.begin()
            planned = self._plan()
            self.fake.nova.stop_takes = 15
            self.new_process(stop_at=number)
            report = self.start(planned)
            self._check_runs()
            if not report.interrupted:
                return
            self.new_process()
            self.assertEqual(0, self.resume().exit_code)
            self._check_runs()

    def test_copy_that_fails_does_not_stop_the_server_again(self):
        planned = self._plan()
        self.fake.fail(REFUSED, 'POST cinder /volumes', times=99, same=False)
        self.start(planned)
        self.assertEqual(1, self._actions().count('os-stop'))
        self._check_runs()

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

    def test_login_ends(self):
        """A server that is off then is named once, and a resume starts it."""
        off = 0
        for skip in range(1000):
            self.begin()
            planned = self._plan()
            self.fake.fail(self.fake.end_login, skip=skip)
            report = self.start(planned)
            if self.fake.ended is None:
                self.assertGreater(off, 5)
                return
            named = [t for t in self.reporter.said if 'server start' in t]
            if self._server()['status'] != 'ACTIVE':
                self.assertEqual(1, len(named), self.reporter.said)
                self.assertIn(self.server_id, named[0])
                self.assertNotIn('login', ' '.join(self.reporter.said))
                self.assertTrue(report.interrupted)
                off += 1
            self.fake.ended = None
            if report.interrupted:
                self.assertEqual(130, report.exit_code)
                self.new_process()
                self.assertEqual(0, self.resume().exit_code)
                self._check_runs()
            self.assertEqual('ACTIVE', self._server()['status'])

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
