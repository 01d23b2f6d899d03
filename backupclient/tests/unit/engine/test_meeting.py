# SPDX-License-Identifier: Apache-2.0
"""Runs that meet: on one machine, and on two."""

from concurrent import futures
import contextlib
import datetime
import os

import fixtures

from backupclient.cloud import door
from backupclient.model import leases
from backupclient.operations import running
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire

REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})


class Meets(quiet_reporter.Quiet):
    """Does something when a step begins: in the middle of a run."""

    def __init__(self, number, act):
        super().__init__()
        self._number = number
        self._act = act

    def step(self, resource, text):
        super().step(resource, text)
        if len(self.steps) == self._number:
            self._act()


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        # Only the main thread of a process may set what is done at a signal.
        for name in ('signal.signal', 'signal.set_wakeup_fd'):
            self.useFixture(fixtures.MonkeyPatch(name, lambda *_: -1))

    def volume(self, name, *, attached=False, **fields):
        server = self.fake.nova.add_server(f'server of {name}')['id']
        return self.fake.cinder.add_volume(
            name, base.DATA, server=server if attached else '', **fields
        )

    def plan_of(self, *names, **options):
        options.setdefault('target', str(self.target))
        return self.plan(volumes=names, everything=False, **options)

    def other(self, planned, machine='state', parallel=1):
        """Run a plan in another process, on this machine or another."""
        clock = fake_clock.FakeClock()
        home = str(self.root / machine)
        with _environment(XDG_STATE_HOME=home):
            return running.start(
                door.connect(self.connection, clock),
                clock,
                planned,
                quiet_reporter.Quiet(),
                parallel=parallel,
                timeout=3600.0,
            )

    def notes(self):
        return [
            image
            for image in self.fake.world.things['images'].values()
            if image.get('backupclient_role') == 'lease'
        ]


@contextlib.contextmanager
def _environment(**values):
    before = {name: os.environ[name] for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.update(before)


class MeetingTestCase(TestCase):
    def _meet(self, step, first, second, machine):
        """Run two plans, the second one while the first does a step."""
        reports = []
        self.reporter = Meets(
            step, lambda: reports.append(self.other(second, machine))
        )
        report = self.start(first)
        self.assertEqual({'complete'}, {*self.states(report).values()})
        self.assertNotIn('each other', ' '.join(self.reporter.said))
        return report, *reports

    def test_same_volume(self):
        """At each step: the second skips it, and says for whom."""
        for options in (
            {'attached': True},
            {'attached': False},
            {'attached': False, 'backup': True},
        ):
            step = 1
            while self._meet_on_one_volume(step, 'elsewhere', **options):
                step += 1
            self.assertGreater(step, 1)

    def test_same_volume_on_the_same_machine(self):
        self.assertTrue(self._meet_on_one_volume(3, 'state', attached=True))

    def _meet_on_one_volume(self, step, machine, attached, backup=False):
        self.begin()
        self.volume('data', attached=attached)
        options = {'target': ''} if backup else {}
        planned = self.plan_of('data', **options)
        first, *others = self._meet(step, planned, planned, machine)
        for second in others:
            (outcome,) = second.outcomes
            self.assertEqual('skipped', outcome.state.value)
            self.assertIn(first.run, outcome.reason)
            self.assertEqual(1, second.exit_code)
        self.check_cloud(*['backups'] * backup)
        self.assertEqual(
            {'backup': 1} if backup else {}, {**self._artifacts(first)}
        )
        return others

    def _artifacts(self, report):
        kinds = [one.artifact.kind for one in report.outcomes if one.artifact]
        return {kind: kinds.count(kind) for kind in kinds}

    def test_same_server(self):
        """Of its own disk too there is one copy at a time."""
        self.fake.nova.add_server('web', b'root' * 1000)
        planned = self.plan(
            target=str(self.target), servers=('web',), everything=False
        )
        first, second = self._meet(2, planned, planned, 'elsewhere')
        self.assertEqual({'web': 'skipped'}, self.states(second))
        self.assertIn(first.run, second.outcomes[0].reason)
        self.check_cloud()

    def test_different_volumes(self):
        for machine, step in (('state', 1), ('elsewhere', 3)):
            self.begin()
            self.volume('one', attached=True)
            self.volume('two', attached=True)
            plans = self.plan_of('one'), self.plan_of('two')
            _, second = self._meet(step, *plans, machine)
            self.assertEqual({'two': 'complete'}, self.states(second))
            self.check_cloud()

    def test_one_of_two_is_busy(self):
        """The other one is done all the same."""
        self.volume('one', attached=True)
        self.volume('two', attached=True)
        plans = self.plan_of('one'), self.plan_of('one', 'two')
        _, second = self._meet(2, *plans, 'elsewhere')
        self.assertEqual(
            {'one': 'skipped', 'two': 'complete'}, self.states(second)
        )
        self.assertEqual(3, second.exit_code)
        self.check_cloud()

    def test_what_is_done_is_free(self):
        """A run holds what it works on, not all that it has planned."""
        self.volume('one')
        self.volume('two')
        plans = self.plan_of('one', 'two'), self.plan_of('one', 'two')
        # Three steps each: it is about to copy the second one.
        _, second = self._meet(4, *plans, 'elsewhere')
        self.assertEqual(
            {'one': 'complete', 'two': 'skipped'}, self.states(second)
        )

    def test_stopped_server(self):
        """One that another run keeps down is neither stopped nor started."""
        server = self.fake.nova.add_server('web', b'root')['id']
        for name in ('one', 'two'):
            self.fake.cinder.add_volume(name, base.DATA, server=server)
        plans = [
            self.plan_of(name, stop_servers=True) for name in ('one', 'two')
        ]
        first, second = self._meet(1, *plans, 'elsewhere')
        self.assertEqual({'two': 'skipped'}, self.states(second))
        self.assertIn(first.run, second.outcomes[0].reason)
        actions = [
            text for text in self.fake.asked('POST nova') if 'action' in text
        ]
        self.assertEqual(2, len(actions))
        self.check_cloud()

    def test_downloads_take_nothing(self):
        """Two runs may read one image."""
        self.fake.glance.add_image('golden', b'gold' * 777)
        planned = self.plan(
            target=str(self.target), images=('golden',), everything=False
        )
        _, second = self._meet(1, planned, planned, 'elsewhere')
        self.assertEqual({'golden': 'complete'}, self.states(second))
        self.assertEqual([], self.fake.asked('POST', 'PATCH'))

    def test_at_once(self):
        """Whoever wins, if anybody: no two work on the volume."""
        for _ in range(3):
            self.begin()
            self.volume('data', attached=True)
            planned = self.plan_of('data')
            counts = _watch(self.fake, 'snapshots')
            with futures.ThreadPoolExecutor() as pool:
                reports = [*pool.map(self.other, [planned] * 2)]
            self.assertLessEqual(max(counts), 1)
            runs = {report.run for report in reports}
            for report in reports:
                (outcome,) = report.outcomes
                if outcome.state.value == 'skipped':
                    (other,) = runs - {report.run}
                    self.assertIn(other, outcome.reason)
                else:
                    self.assertEqual('complete', outcome.state.value)
            self.check_cloud()


def _watch(fake, kind):
    """Count the things of a kind at each request."""
    counts = []

    def look(_):
        counts.append(len(fake.world.things[kind]))
        return False

    fake.faults.append(wire.Fault(wire.Lost(), look))
    return counts


class KilledTestCase(TestCase):
    """The note of a run that was killed, until it is dead or resumed."""

    def setUp(self):
        super().setUp()
        self.volume('data', attached=True)
        self.planned = self.plan_of('data')
        self.fake.fail(wire.Killed(), 'POST cinder /volumes', done=True)
        self.assertRaises(wire.Killed, self.start, self.planned)
        self.new_process()
        (self.killed,) = self.journals()

    def test_on_the_same_machine(self):
        """Its journal tells for certain: nobody waits."""
        self.assertEqual(1, len(self.notes()))
        report = self.start(self.planned)
        self.assertEqual({'data': 'complete'}, self.states(report))
        self.assertNotIn(2.0, self.clock.pauses)

    def test_on_another_machine(self):
        """There it counts as alive, up to 15 minutes after its last sign."""
        (note,) = self.notes()
        for minutes, state in ((14, 'skipped'), (15, 'complete')):
            seen = self.fake.world.now() - datetime.timedelta(minutes=minutes)
            note['updated_at'] = seen.isoformat()
            report = self.other(self.planned, 'elsewhere')
            self.assertEqual({'data': state}, self.states(report))

    def test_resumed(self):
        """The same note lives again, and is gone at the end."""
        (note,) = self.notes()
        note['updated_at'] = '2026-01-01T00:00:00Z'
        self.fake.seen.clear()
        lives = []

        def look():
            lives.append(note['updated_at'] > '2026-01-01T00:00:00Z')

        self.fake.fail(look, 'GET cinder')
        report = self.resume()
        self.assertEqual({'data': 'complete'}, self.states(report))
        self.assertEqual([True], lives)
        self.assertNotIn('POST glance /images', self.fake.asked())
        self.check_cloud()

    def test_resumed_while_another_works_on_it(self):
        """It stays as it is, and can be resumed once more."""
        (note,) = self.notes()
        note['updated_at'] = '2026-01-01T00:00:00Z'
        reports = []
        here = str(self.root / 'state')

        def resume():
            with _environment(XDG_STATE_HOME=here):
                reports.append(self.resume())

        clock, self.reporter = fake_clock.FakeClock(), Meets(2, resume)
        with _environment(XDG_STATE_HOME=str(self.root / 'elsewhere')):
            report = running.start(
                door.connect(self.connection, clock),
                clock,
                self.planned,
                self.reporter,
                parallel=1,
                timeout=3600.0,
            )
        self.assertEqual({'data': 'complete'}, self.states(report))
        (resumed,) = reports
        said = ' '.join(self.reporter.said)
        self.assertIn(f'Run {report.run} is working on it', said)
        self.assertTrue(resumed.interrupted)
        self.assertEqual(0, self.resume().exit_code)
        self.check_cloud()


class NoteTestCase(TestCase):
    def test_interrupted(self):
        """In order: no note stays, and on resume there is one again."""
        self.volume('data')
        self.new_process(stop_at=1)
        report = self.start(self.plan_of('data'))
        self.assertTrue(report.interrupted)
        self.check_cloud()
        self.new_process()
        self.fake.seen.clear()
        self.assertEqual(0, self.resume().exit_code)
        self.assertIn('POST glance /images', self.fake.asked())
        self.check_cloud()

    def test_only_where_something_is_made(self):
        self.fake.glance.add_image('golden', b'gold' * 777)
        self.start(self.plan(target=str(self.target)))
        self.assertEqual([], self.fake.asked('POST', 'PATCH', 'DELETE'))

    def _back_up(self):
        self.volume('data')
        report = self.start(self.plan_of('data', target=''))
        self.assertEqual({'data': 'complete'}, self.states(report))
        self.assertIn('may not see each other', ' '.join(self.reporter.said))

    def test_refused(self):
        for method in ('POST', 'PATCH'):
            self.begin()
            self.fake.fail(
                REFUSED, f'{method} glance', times=10**6, same=False
            )
            self._back_up()
            self.check_cloud('backups')

    def test_no_image_service(self):
        self.fake = self.useFixture(
            fake_cloud.FakeCloud(('volumev3', 'compute'))
        )
        self.connection = self.fake.connection()
        self.new_process()
        self._back_up()
        self.check_cloud('backups')

    def test_names_of_notes_are_no_copies(self):
        """The next run neither backs a note up nor takes it for its own."""
        self.fake.glance.add_image(
            leases.name('20260101T000000Z-abcd'),
            **leases.metadata('20260101T000000Z-abcd', 'elsewhere', ()),
        )
        planned = self.plan(target=str(self.target))
        self.assertEqual((), planned.items)
