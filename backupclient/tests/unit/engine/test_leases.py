# SPDX-License-Identifier: Apache-2.0

import contextlib
import datetime
import itertools
import logging
import platform
import threading
import time

import fixtures

from backupclient import errors
from backupclient import stops
from backupclient.cloud import door
from backupclient.cloud import glance_api
from backupclient.engine import lease_keeping
from backupclient.model import leases
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.fake_cloud import wire

OLD, MIDDLE, NEW = (f'2026010{day}T030405Z-abcd' for day in (1, 2, 3))
WHAT, OTHER = 'volume/1', 'volume/2'
REFUSED = wire.Answer(403, {'forbidden': {'message': 'no'}})
BROKEN = wire.Answer(500)


@contextlib.contextmanager
def claimed(held, what):
    held.claim(what)
    try:
        yield
    finally:
        held.release(what)


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.stack = self.useFixture(_Stack()).stack

    def lease(self, run=MIDDLE, clock=None):
        """Begin a lease, which is kept until the end of the test."""
        cloud = door.connect(self.connection, clock) if clock else self.cloud
        made = lease_keeping.Lease(cloud, self.reporter, run)
        self.stack.enter_context(made.kept())
        return made

    def notes(self):
        return [*self.fake.world.things['images'].values()]

    def claims(self, run=MIDDLE):
        (note,) = (
            one for one in self.notes() if one['backupclient_run'] == run
        )
        return note['backupclient_claims']

    def leave(self, run, *claims, **age):
        """Leave the note of another machine's run, of that age."""
        seen = self.fake.world.now() - datetime.timedelta(**age)
        self.fake.glance.add_image(
            leases.name(run),
            updated_at=seen.isoformat(),
            **leases.metadata(run, 'elsewhere', claims),
        )

    def refused(self, held, what=WHAT):
        return str(self.assertRaises(errors.Busy, held.claim, what))


class _Stack(fixtures.Fixture):
    def _setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)


class KeptTestCase(TestCase):
    def test_note(self):
        with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
            (note,) = self.notes()
            wanted = {
                **leases.metadata(MIDDLE, platform.node(), ()),
                'name': leases.name(MIDDLE),
                'status': 'queued',
                'visibility': 'private',
                'size': None,
            }
            self.assertLessEqual(wanted.items(), note.items())
        self.assertEqual([], self.notes())
        self.assertEqual([], self.reporter.said)

    def test_taken_away_whatever_happens(self):
        for error in (errors.Interrupted('stop'), ZeroDivisionError()):
            held = lease_keeping.Lease(self.cloud, self.reporter, MIDDLE)
            self.assertRaises(type(error), self._fail, held, error)
            self.assertEqual([], self.notes())

    def _fail(self, held, error):
        with held.kept():
            self.clock.stop.ask()
            raise error

    def test_asked_to_stop_before(self):
        self.clock.stop.ask()
        self.lease()
        self.assertEqual(([], []), (self.notes(), self.reporter.said))

    def test_adopted(self):
        """It is this process's at once: it lives, and claims nothing yet."""
        self.leave(MIDDLE, WHAT, hours=1)
        before = self.notes()[0]['id']
        self.lease()
        (note,) = self.notes()
        self.assertEqual(before, note['id'])
        self.assertEqual(platform.node(), note['backupclient_host'])
        self.assertEqual('', note['backupclient_claims'])
        self.assertTrue(self._lives())
        self.assertEqual([], self.fake.asked('POST'))
        self.stack.close()
        self.assertEqual([], self.notes())

    def _lives(self):
        (found,) = self.cloud.glance.leases(self.cloud.identity.project_id)
        return found.is_alive(self.fake.world.now())

    def test_answer_lost(self):
        for done in (False, True):
            self.begin()
            self.fake.fail(wire.Lost(), 'POST glance', done=done)
            with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
                self.assertEqual(1, len(self.notes()))
            self.assertEqual([], self.notes())
            self.assertEqual([], self.reporter.said)

    def test_left(self):
        held = self.lease()
        self.fake.fail(REFUSED, 'DELETE glance')
        self.stack.close()
        (said,) = self.reporter.said
        self.assertIn('lease of this run is left', said)
        held.release(WHAT)

    def test_signs_of_life(self):
        """Also while the run is asked to stop and undoes its work."""
        for stopped in (False, True):
            self.begin()
            beaten = threading.Event()
            self.useFixture(
                fixtures.MonkeyPatch('backupclient.model.leases.BEAT', 0.001)
            )
            self.fake.fail(beaten.set, 'PATCH glance', skip=2)
            with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
                if stopped:
                    self.clock.stop.ask()
                self.assertTrue(beaten.wait(60))
            self.assertEqual([], self.reporter.said)

    def _broken(self, times):
        """Let a beat meet a fault so often; give when one went well."""
        self.useFixture(
            fixtures.MonkeyPatch('backupclient.model.leases.BEAT', 0.001)
        )
        whole, beaten = glance_api.Glance.renew_lease, threading.Event()
        left = iter(range(times))

        def renew(*args):
            if next(left, None) is not None:
                raise TypeError('odd')
            beaten.set()
            return whole(*args)

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.cloud.glance_api.Glance.renew_lease', renew
            )
        )
        return beaten

    def test_signs_of_life_go_on_after_a_fault(self):
        """Else another machine cleans up a run that lives."""
        beaten = self._broken(3)
        with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
            self.assertTrue(beaten.wait(30))
        (said,) = self.reporter.said
        for words in (
            'Other machines may not see that this run is alive',
            'fault of the program (TypeError)',
        ):
            self.assertIn(words, said)
        (file,) = (self.root / 'state').rglob('faults/*.txt')
        self.assertIn(str(file), said)
        self.assertIn('in _write', file.read_text())

    def test_signs_of_life_go_on_when_nothing_can_be_said(self):
        def say(text):
            raise OSError('no terminal')

        self.reporter.say = say
        log = self.useFixture(fixtures.FakeLogger(level=logging.ERROR))
        beaten = self._broken(3)
        with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
            self.assertTrue(beaten.wait(30))
        self.assertIn(f'The lease of run {MIDDLE}', log.output)

    def test_fault_at_the_end(self):
        """It hides nothing of what the run came to."""

        def broken(*args):
            raise TypeError('odd')

        held = lease_keeping.Lease(self.cloud, self.reporter, MIDDLE)
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.cloud.glance_api.Glance.delete', broken
            )
        )
        self.assertRaises(
            errors.Interrupted, self._fail, held, errors.Interrupted('stop')
        )
        (said,) = self.reporter.said
        self.assertIn('lease of this run is left: This is a fault', said)

    def test_fault_at_the_beginning(self):
        """The run goes on without a note, as when the cloud refuses it."""

        def broken(*args):
            raise TypeError('odd')

        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.cloud.glance_api.Glance.create_lease', broken
            )
        )
        held = self.lease()
        held.claim(WHAT)
        (said,) = self.reporter.said
        self.assertIn('fault of the program (TypeError)', said)

    def test_login_ends(self):
        """The beats end and nothing is said: the run says why it ends."""
        self.useFixture(
            fixtures.MonkeyPatch('backupclient.model.leases.BEAT', 0.001)
        )
        died = []
        self.useFixture(
            fixtures.MonkeyPatch('threading.excepthook', died.append)
        )
        ended = threading.Event()
        with lease_keeping.Lease(self.cloud, self.reporter, MIDDLE).kept():
            self.fake.fail(self.fake.end_login, 'PATCH glance', skip=1)
            threading.Thread(target=self._await_end, args=(ended,)).start()
            self.assertTrue(ended.wait(60))
            seen = len(self.fake.seen)
        self.assertEqual(([], []), (self.reporter.said, died))
        self.assertEqual(seen, len(self.fake.seen))

    def _await_end(self, ended):
        while self.cloud.login.ended is None:
            time.sleep(0.001)
        ended.set()


class ClaimTestCase(TestCase):
    def test_written_down(self):
        held = self.lease()
        with claimed(held, WHAT):
            self.assertEqual(WHAT, self.claims())
            with claimed(held, OTHER):
                self.assertEqual(f'{WHAT} {OTHER}', self.claims())
            self.assertEqual(WHAT, self.claims())
        self.assertEqual('', self.claims())

    def test_released_when_it_fails(self):
        held = self.lease()
        self.assertRaises(ZeroDivisionError, self._fail, held)
        self.assertEqual('', self.claims())

    def _fail(self, held):
        with claimed(held, WHAT):
            self.clock.stop.ask()
            raise ZeroDivisionError

    def test_once(self):
        """What is held needs no question, and no answer can take it."""
        held = self.lease()
        held.claim(WHAT)
        self.leave(OLD, WHAT)
        self.fake.seen.clear()
        held.claim(WHAT)
        self.assertEqual([], self.fake.seen)
        held.release(WHAT)
        self.assertEqual(1, len(self.fake.seen))
        held.release(WHAT)
        held.release(OTHER)
        self.assertEqual(1, len(self.fake.seen))

    def test_another_run_has_it(self):
        """The younger one gives way at once, the older one tries again."""
        patience = [0.5, 0.65, 0.845, 1.0985, 1.42805]
        for run, pauses in ((OLD, []), (NEW, patience)):
            self.begin()
            held = self.lease()
            self.leave(run, OTHER, WHAT, minutes=14)
            text = self.refused(held)
            self.assertIn(run, text)
            self.assertIn('elsewhere', text)
            self.assertEqual('', self.claims())
            self.assertEqual(
                pauses, [round(each, 5) for each in self.clock.pauses]
            )
            held.claim('volume/3')
            self.assertEqual('volume/3', self.claims())

    def test_given_up_meanwhile(self):
        held = self.lease()
        self.leave(NEW, WHAT)

        def release():
            self.notes()[1]['backupclient_claims'] = ''

        self.fake.fail(release, 'GET glance /images', skip=1)
        held.claim(WHAT)
        self.assertEqual(WHAT, self.claims())

    def test_dead(self):
        """By the clock of the cloud, whatever this machine's says."""
        self.clock.pauses.append(1e6)
        held = self.lease()
        self.leave(OLD, WHAT, minutes=14, seconds=50)
        self.refused(held)
        self.fake.reset()
        held = self.lease(NEW)
        self.leave(OLD, WHAT, minutes=15)
        held.claim(WHAT)
        self.assertEqual(WHAT, self.claims(NEW))

    def test_of_another_project(self):
        held = self.lease()
        self.leave(OLD, WHAT)
        self.notes()[1]['owner'] = 'another project'
        held.claim(WHAT)

    def test_asked_to_stop(self):
        held = self.lease()
        self.clock.stop.ask()
        self.assertRaises(errors.Interrupted, held.claim, WHAT)
        self.stack.close()
        self.assertEqual([], self.notes())


class TroubleTestCase(TestCase):
    """Without a note the run goes on, and says so once."""

    def _check_told(self, *words):
        (said,) = self.reporter.said
        for word in ('may not see each other', *words):
            self.assertIn(word, said)

    def _work(self):
        held = self.lease()
        for what in (WHAT, OTHER):
            with claimed(held, what):
                pass
        self.stack.close()
        self._check_told()

    def test_everything_fails(self):
        for how in (REFUSED, BROKEN, wire.Lost()):
            for text in ('', 'POST glance', 'PATCH glance', 'GET glance'):
                self.begin()
                self.fake.fail(how, text, times=10**6, same=False)
                self._work()

    def test_no_image_service(self):
        self.fake = self.useFixture(fake_cloud.FakeCloud(('volumev3',)))
        self.cloud = door.connect(self.fake.connection(), self.clock)
        self._work()
        self.assertEqual([], self.fake.seen)
        self.assertEqual([], self.clock.pauses)

    def test_refused(self):
        """Who is not seen still sees others."""
        self.fake.fail(REFUSED, 'POST glance')
        held = self.lease()
        self._check_told('no (HTTP 403)')
        self.leave(OLD, WHAT)
        self.refused(held)
        held.claim(OTHER)
        self._check_told()

    def test_not_renewed(self):
        held = self.lease()
        self.leave(OLD, WHAT)
        self.fake.fail(REFUSED, 'PATCH glance', times=10**6)
        self.refused(held)
        held.claim(OTHER)
        self._check_told('no (HTTP 403)')
        self.stack.close()
        self.assertEqual([OLD], [n['backupclient_run'] for n in self.notes()])

    def test_note_that_is_gone(self):
        """Somebody has deleted it: there is nothing to write to."""
        held = self.lease()
        self.fake.world.things['images'].clear()
        held.claim(WHAT)
        self._check_told('HTTP 404')
        self.stack.close()
        self._check_told()


class SteppedStop(stops.Stop):
    """Halts before each request, and at each sleep, until it may go on."""

    def __init__(self):
        super().__init__()
        self.stepped = False
        self.halted = threading.Semaphore(0)
        self.onward = threading.Semaphore(0)

    def check(self):
        if self.stepped:
            self.halted.release()
            self.onward.acquire()
        super().check()


class SteppedClock(fake_clock.FakeClock):
    def __init__(self):
        super().__init__()
        self.stop = SteppedStop()


class Contender(threading.Thread):
    """A run that claims something, a request at a time."""

    def __init__(self, held, clock):
        super().__init__(daemon=True)
        self._held = held
        self._clock = clock
        self.wins = self.over = False
        clock.stop.stepped = True
        self.start()
        clock.stop.halted.acquire()

    def run(self):
        try:
            self._held.claim(WHAT)
            self.wins = True
        except errors.Busy:
            self.wins = False
        finally:
            self.over = True
            self._clock.stop.stepped = False
            self._clock.stop.halted.release()

    def step(self):
        """Go on up to the next request; tell whether there is one."""
        if not self.over:
            self._clock.stop.onward.release()
            self._clock.stop.halted.acquire()
        return not self.over


class InterleavedTestCase(TestCase):
    """Two runs that claim the same, with all that can come in between."""

    def _claim(self, older, younger, others_steps):
        """Let them claim; so many steps of the older one stand first.

        :param others_steps: before each step of the younger one.
        """
        clocks = [SteppedClock(), SteppedClock()]
        with contextlib.ExitStack() as stack:
            contenders = []
            for run, clock in zip((older, younger), clocks, strict=True):
                cloud = door.connect(self.connection, clock)
                held = lease_keeping.Lease(cloud, quiet_reporter.Quiet(), run)
                stack.enter_context(held.kept())
                contenders.append(Contender(held, clock))
            first, second = contenders
            for count in others_steps:
                for _ in range(count):
                    first.step()
                second.step()
            for each in (first, second):
                while each.step():
                    pass
            return first.wins, second.wins

    def test_never_both(self):
        seen = set()
        for steps in itertools.product(range(5), repeat=3):
            wins = self._claim(OLD, NEW, steps)
            self.assertNotEqual((True, True), wins, steps)
            seen.add(wins)
        # Neither wins for its age alone.
        self.assertLessEqual({(True, False), (False, True)}, seen)

    def test_first_come(self):
        self.assertEqual((True, False), self._claim(OLD, NEW, (9, 0, 0)))
        self.assertEqual((False, True), self._claim(OLD, NEW, (0, 0, 0)))
