# SPDX-License-Identifier: Apache-2.0
"""Runs with little room: as many side by side as fit."""

import threading

from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

BROKEN = wire.Answer(500)
WORDS = 'Maximum number of {} allowed'
FIRST, SECOND = '00000001-volume', '00000002-volume'


class Hooked(quiet_reporter.Quiet):
    """Calls a function when a step begins, in the thread that does it."""

    def __init__(self, hook):
        super().__init__()
        self._hook = hook

    def step(self, resource, text):
        super().step(resource, text)
        self._hook(resource.id, text)


class TestCase(base.TestCase):
    def volumes(self, count, *, attached=True, size=1):
        server = self.fake.nova.add_server('web')['id'] if attached else ''
        for number in range(count):
            self.fake.cinder.add_volume(
                f'data {number}', base.DATA, server=server, size=size
            )

    def plan_volumes(self, target=True):
        return self.plan(
            volumes=tuple(self.fake.world.things['volumes']),
            everything=False,
            target=str(self.target) if target else '',
        )

    def watch(self):
        """Note at each request how many volumes there are."""
        counts = []

        def look(_):
            counts.append(len(self.fake.world.things['volumes']))
            return False

        self.fake.faults.append(wire.Fault(wire.Lost(), look))
        return counts

    def check_complete(self, report):
        reasons = [one.reason for one in report.outcomes]
        self.assertEqual(0, report.exit_code, reasons)


class RoomTestCase(TestCase):
    """Volumes in use: each takes a snapshot and a volume for a while."""

    def test_one_after_the_other(self):
        """Whichever quota it is that has room for one only."""
        for quota, limit in (
            ('volumes', 3),
            ('snapshots', 1),
            ('gigabytes', 5),
            ('volumes_fast', 3),
            ('snapshots_fast', 1),
            ('gigabytes_fast', 5),
        ):
            self.begin()
            self.volumes(2)
            self.fake.cinder.limits[quota] = limit
            planned = self.plan_volumes()
            counts = self.watch()
            self.check_complete(self.start(planned, parallel=4))
            self.assertEqual(3, max(counts), quota)
            # No request was refused: none had to be sent again.
            self.assertEqual(2, len(self.fake.asked('POST cinder /snapshots')))
            self.assertEqual(4, len(self.fake.asked('POST cinder /volumes')))
            self.check_cloud()

    def _meet_in(self, title):
        """Let two items come to a step together, or fail."""
        barrier = threading.Barrier(2, timeout=60)

        def wait(_, text):
            if text == title:
                barrier.wait()

        self.reporter = Hooked(wait)

    def test_side_by_side(self):
        """Where there is room for both."""
        self.volumes(2)
        limits = {'volumes': 4, 'snapshots': 2, 'gigabytes': 6}
        self.fake.cinder.limits |= limits
        self._meet_in('copy the volume to an image')
        self.check_complete(self.start(self.plan_volumes(), parallel=4))
        self.check_cloud()

    def test_next_one_begins_before_the_download_ends(self):
        self.volumes(2)
        self.fake.cinder.limits['gigabytes'] = 5
        begun = threading.Event()
        seen = []

        def wait(volume_id, text):
            if volume_id == SECOND and text == 'take a snapshot':
                begun.set()
            if volume_id == FIRST and text == 'download':
                seen.append(begun.wait(60))

        planned = self.plan_volumes()
        counts = self.watch()
        self.reporter = Hooked(wait)
        self.check_complete(self.start(planned, parallel=2))
        self.assertEqual([True], seen)
        self.assertEqual(3, max(counts))
        self.check_cloud()

    def test_too_large_at_all(self):
        """That one is skipped, with the figures; the others have room."""
        self.volumes(2)
        self.volumes(1, size=4)
        self.fake.cinder.limits['gigabytes'] = 6 + 3
        planned = self.plan_volumes()
        counts = self.watch()
        report = self.start(planned, parallel=4)
        (skipped,) = [one for one in report.outcomes if one.reason]
        self.assertEqual('skipped', skipped.state.value)
        self.assertEqual(3, report.exit_code)
        self.assertIn('8 needed, 3 free', skipped.reason)
        self.assertEqual(4, max(counts))
        self.check_cloud()

    def test_quotas_that_cannot_be_read(self):
        self.volumes(2)
        planned = self.plan_volumes()
        for text in ('GET cinder /os-quota-sets', 'GET cinder /limits'):
            self.fake.fail(BROKEN, text, times=6)
        self._meet_in('take a snapshot')
        self.check_complete(self.start(planned, parallel=2))
        self.check_cloud()

    def test_resumed(self):
        """What the killed process left takes room, and is what is needed."""
        self.volumes(2)
        self.fake.cinder.limits['gigabytes'] = 4
        planned = self.plan_volumes()
        counts = self.watch()
        self.fake.fail(
            wire.Killed(), 'POST cinder /volumes', skip=1, done=True
        )
        self.assertRaises(wire.Killed, self.start, planned)
        self.new_process()
        self.check_complete(self.resume())
        self.assertEqual(3, max(counts))
        self.check_cloud()


def _of_the_first(request):
    return request.method == 'POST' and FIRST.encode() in request.body


def _makes_a_volume_of_it(request):
    return request.path == '/volumes' and _of_the_first(request)


class TakenTestCase(TestCase):
    """The plan had room, and somebody else took it."""

    def _take(self, kind, skip=0):
        """Let another user's thing come before a request to make one."""

        def take():
            self.fake.cinder.limits[kind] = len(self.fake.world.things[kind])

        self.fake.fail(take, f'POST cinder /{kind}', skip=skip)

    def _give_back(self, text):
        def give_back():
            self.fake.cinder.limits = dict.fromkeys(
                self.fake.cinder.limits, 1000
            )

        self.fake.fail(give_back, text)

    def test_tried_again_alone(self):
        for kind in ('snapshots', 'volumes'):
            self.begin()
            self.volumes(3)
            planned = self.plan_volumes()
            self._take(kind)
            # The next one finds room again.
            self._give_back(f'GET cinder /volumes/{SECOND}')
            self.check_complete(self.start(planned))
            ended = [one.resource.id for one in self.reporter.outcomes]
            self.assertEqual(FIRST, ended[-1])
            self.check_cloud()

    def test_others_end_while_it_is_undone(self):
        """They held the room, and have given it back."""
        self.volumes(2)
        planned = self.plan_volumes()
        over = threading.Event()

        def wait(volume_id, text):
            if volume_id == FIRST and text.startswith('undo'):
                self.assertTrue(over.wait(60))

        self.reporter = Hooked(wait)
        self.reporter.ended = lambda _: over.set()
        refused = wire.Answer(413, {'overLimit': {'message': 'quota'}})
        self.fake.faults.append(wire.Fault(refused, _makes_a_volume_of_it))
        self.check_complete(self.start(planned, parallel=2))
        self.check_cloud()

    def test_no_room_for_it_alone(self):
        """Then it has failed, and Cinder says why."""
        self.volumes(2)
        planned = self.plan_volumes()
        refused = wire.Answer(
            413,
            {'overLimit': {'message': WORDS.format('snapshots')}},
            headers={'Retry-After': '0'},
        )
        fault = wire.Fault(refused, _of_the_first, times=9)
        self.fake.faults.append(fault)
        report = self.start(planned)
        self.assertEqual(2, len(fault.hit))
        self.assertEqual(
            ['failed', 'complete'],
            [one.state.value for one in report.outcomes],
        )
        self.assertIn(WORDS.format('snapshots'), report.outcomes[0].reason)
        self.check_cloud()

    def test_no_room_at_all(self):
        self.volumes(1)
        planned = self.plan_volumes()
        self.fake.cinder.limits['volumes'] = 1
        report = self.start(planned)
        (outcome,) = report.outcomes
        self.assertEqual('failed', outcome.state.value)
        self.assertIn(WORDS.format('volumes'), outcome.reason)
        self.assertEqual((), outcome.notes)
        self.check_cloud()


class BackupsTestCase(TestCase):
    """Backups stay: the room that they take is never free again."""

    def test_just_enough(self):
        for quota, limit in (('backups', 3), ('backup_gigabytes', 6)):
            self.begin()
            self.volumes(3, attached=False, size=2)
            self.fake.cinder.limits[quota] = limit
            planned = self.plan_volumes(target=False)
            self.check_complete(self.start(planned, parallel=4))
            self.assertEqual(3, len(self.fake.asked('POST cinder /backups')))
            self.check_cloud(*['backups'] * 3)

    def test_too_many(self):
        for quota, limit in (('backups', 2), ('backup_gigabytes', 5)):
            self.begin()
            self.volumes(3, attached=False, size=2)
            self.fake.cinder.limits[quota] = limit
            report = self.start(self.plan_volumes(target=False), parallel=4)
            states = [one.state.value for one in report.outcomes]
            self.assertEqual(['complete', 'complete', 'skipped'], states)
            self.assertIn(f'{limit} free', report.outcomes[2].reason)
            self.check_cloud(*['backups'] * 2)

    def test_taken_by_another(self):
        """The first one, which shows whether there is a service, as well."""
        for skip in range(3):
            self.begin()
            self.volumes(3, attached=False)
            self.fake.cinder.limits['backups'] = 3
            planned = self.plan_volumes(target=False)
            self.fake.fail(
                lambda: self.fake.cinder.limits.update(backups=2),
                'POST cinder /backups',
                skip=skip,
            )
            report = self.start(planned)
            states = [one.state.value for one in report.outcomes]
            self.assertEqual(
                ['complete', 'complete', 'failed'], sorted(states)
            )
            (failed,) = [one for one in report.outcomes if one.reason]
            self.assertIn(WORDS.format('backups'), failed.reason)
            self.check_cloud(*['backups'] * 2)
