# SPDX-License-Identifier: Apache-2.0
"""One flow, from its record: done, undone, resumed."""

import dataclasses
import logging
import pathlib

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import journals
from backupclient.engine import messages
from backupclient.engine import runner
from backupclient.model import graphs
from backupclient.model import resources
from backupclient.procedures import step
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.engine import projects

RUN = '20260102T030405Z-abcd'
NEWS = messages.News
SERVER = resources.Resource(resources.Kind.SERVER, 'web', 's')


class Killed(BaseException):
    """The process is dead: nothing is undone."""


class Numbered(step.Step):
    """A step that says what it does, and adds its name to what is made.

    The item is the test, which says what goes wrong.
    """

    title = 'a step'

    def __init__(self, test):
        self.test = test

    @staticmethod
    def command(item):
        return ''

    def do(self, made):
        self._call('do', made)
        return dataclasses.replace(made, notes=(*made.notes, self.stable_name))

    def undo(self, made):
        self._call('undo', made)

    def _call(self, what, made):
        self.test.calls.append(f'{what} {self.stable_name}')
        self.test.made.append(made.notes)
        self.test.go_wrong(f'{what} {self.stable_name}')


class One(Numbered):
    stable_name = 'one'


class Two(Numbered):
    stable_name = 'two'


class Three(Numbered):
    stable_name = 'three'


class Four(Numbered):
    stable_name = 'four'


ALL = ('one', 'two', 'three')


class Worker:
    """The context of a worker, with a journal that it has opened itself."""

    def __init__(self, test, graph_, clock):
        self.run = RUN
        self.graph = graph_
        self.journal = journals.of(RUN)
        self.clock = clock
        self._test = test

    def steps(self, flow):
        return [self._test.classes[name](self._test) for name in flow.steps]

    def tell(self, flow, text):
        self._test.told.append(text)

    def failure(self, flow, error):
        return f'because: {error}'


class TestCase(testtools.TestCase):
    """A group of two flows: three steps, and a fourth one."""

    flow = {}

    def setUp(self):
        super().setUp()
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(root))
        )
        self.useFixture(fixtures.MonkeyPatch('os.fsync', lambda _: None))
        self.logged = self.useFixture(
            fixtures.FakeLogger(level=logging.WARNING)
        )
        first = graphs.Flow('x/s', graphs.Part.CAPTURE, steps=ALL, **self.flow)
        second = graphs.Flow(
            'x/s',
            graphs.Part.DELIVER,
            steps=('four',),
            waits=(graphs.Edge(graphs.Wait.DONE, first.place),),
            always=first.on_demand,
        )
        self.first, self.second = first.id, second.id
        group = graphs.Group('x/s', SERVER, (first, second), 0)
        self.graph = graphs.Graph([group])
        self.run_ = journals.Run(
            RUN, projects.plan_of(), '2026-01-02T03:04:05+00:00', 1, 60.0
        )
        self.folder = journals.Journal.create(self.run_).folder
        self.file = self.folder / 'flows' / 'x.s.capture.1.json'
        self.classes = {
            each.stable_name: each for each in (One, Two, Three, Four)
        }
        self.clock = fake_clock.FakeClock()
        self.calls, self.made, self.told = [], [], []
        self.failures = {}
        self.new_process()

    def new_process(self):
        self.worker = Worker(self, self.graph, self.clock)

    def go_wrong(self, name):
        """Fail once, if something is to fail there."""
        failure = self.failures.pop(name, None)
        if callable(failure):
            failure()
        elif failure is not None:
            raise failure

    def perform(self, flow=None, *, undo=False, **failures):
        """Perform a flow in a new process.

        :param failures: what is raised or called in ``do_one`` and so on.
        """
        self.new_process()
        return self.again(flow, undo=undo, **failures)

    def again(self, flow=None, *, undo=False, **failures):
        """Perform a flow in the same process."""
        self.calls, self.made = [], []
        self.failures = {
            name.replace('_', ' '): failure
            for name, failure in failures.items()
        }
        order = runner.Order(RUN, flow or self.first, undo)
        return runner.perform(self.worker, order)

    def killed(self, flow=None, **failures):
        self.assertRaises(Killed, self.perform, flow, **failures)

    def check(self, result, news, *calls):
        self.assertEqual(news, result.news, result)
        self.assertEqual([*calls], self.calls)


DONE = ['do one', 'do two', 'do three']
UNDONE = ['undo three', 'undo two', 'undo one']


class RunnerTestCase(TestCase):
    def test_each_step_once(self):
        result = self.perform()
        self.check(result, NEWS.DONE, *DONE)
        self.assertEqual(ALL, result.made.notes)
        self.assertEqual([(), ALL[:1], ALL[:2]], self.made)
        self.assertEqual(['a step'] * 3, self.told)

    def test_next_flow_goes_on_with_what_was_made(self):
        self.perform()
        result = self.perform(self.second)
        self.check(result, NEWS.DONE, 'do four')
        self.assertEqual((*ALL, 'four'), result.made.notes)

    def test_whatever_goes_wrong_the_others_are_undone(self):
        result = self.perform(
            do_three=errors.BackupError('no'), undo_two=ZeroDivisionError('oh')
        )
        self.check(result, NEWS.FAILED, *DONE, *UNDONE)
        self.assertEqual('because: no', result.reason)
        self.assertEqual([ALL[:2], ALL[:2], ALL[:1]], self.made[3:])
        (left_over,) = result.left_over
        self.assertIn('fault of the program (ZeroDivisionError)', left_over)
        self.assertEqual([], [*self.file.parent.iterdir()])
        self.assertEqual('', self.logged.output)

    def test_what_follows_from_a_failure(self):
        for error, news in (
            (errors.NotFound('x'), NEWS.GONE),
            (errors.WaitFailed('x'), NEWS.GONE),
            (errors.WaitTimeout('x'), NEWS.FAILED),
            (errors.QuotaExceeded('x'), NEWS.REFUSED),
            (
                errors.BackupServiceUnavailable('x', stuck=False),
                NEWS.UNAVAILABLE,
            ),
            (errors.BackupServiceUnavailable('x', stuck=True), NEWS.STUCK),
            (errors.Forbidden('x'), NEWS.FAILED),
            (errors.Interrupted('x'), NEWS.INTERRUPTED),
            (ZeroDivisionError('x'), NEWS.FAILED),
        ):
            result = self.perform(do_two=error)
            self.check(
                result, news, 'do one', 'do two', 'undo two', 'undo one'
            )
            self.assertEqual(news is not NEWS.INTERRUPTED, bool(result.reason))
        self.assertIn('(ZeroDivisionError)', result.reason)

    def test_login_that_has_ended(self):
        """Nothing is undone; the step is done again on resume."""
        result = self.perform(do_two=errors.LoginEnded('x'))
        self.check(result, NEWS.LOGIN_ENDED, 'do one', 'do two')
        self.check(self.perform(), NEWS.DONE, 'do two', 'do three')

    def test_login_that_ends_while_it_is_undone(self):
        result = self.perform(
            do_three=errors.BackupError('no'), undo_two=errors.LoginEnded('x')
        )
        self.check(result, NEWS.LOGIN_ENDED, *DONE, 'undo three', 'undo two')
        # What was undone last may be so once more.
        self.check(self.perform(), NEWS.DONE, *UNDONE, *DONE)

    def test_killed_in_a_step(self):
        """It is done again, and those before it are not."""
        for number, name in enumerate(ALL):
            self.killed(**{f'do_{name}': Killed()})
            result = self.perform()
            self.check(result, NEWS.DONE, *DONE[number:])
            self.assertEqual(ALL[:number], self.made[0])
            self.file.unlink()

    def test_failed_after_a_kill(self):
        """What an earlier process has done is undone as well."""
        self.killed(do_two=Killed())
        result = self.perform(do_two=errors.CloudError('no'))
        self.check(result, NEWS.FAILED, 'do two', 'undo two', 'undo one')
        self.assertEqual(ALL[:1], self.made[2])

    def test_killed_in_an_undoing(self):
        """It is carried on where it was; then all begins anew."""
        for number, name in enumerate(ALL):
            self.killed(
                do_three=errors.BackupError('no'),
                **{f'undo_{name}': Killed()},
            )
            undone = [f'undo {each}' for each in reversed(ALL[: number + 1])]
            result = self.perform()
            self.assertIs(NEWS.DONE, result.news)
            self.assertEqual(undone + DONE, self.calls[-len(undone) - 3 :])
            self.assertLessEqual(len(self.calls), len(undone) + 4)
            self.file.unlink()

    def test_undo(self):
        self.perform()
        result = self.perform(undo=True)
        self.check(result, NEWS.UNDONE, *UNDONE)
        self.assertFalse(self.file.exists())
        # Once more does no harm.
        self.check(self.perform(undo=True), NEWS.UNDONE)

    def test_undo_what_has_only_begun(self):
        self.killed(do_two=Killed())
        result = self.perform(undo=True)
        self.check(result, NEWS.UNDONE, 'undo two', 'undo one')

    def test_undo_goes_on_when_asked_to_stop(self):
        self.perform()
        self.clock.stop.ask()
        self.check(self.perform(undo=True), NEWS.UNDONE, *UNDONE)

    def test_asked_to_stop_before_it_begins(self):
        self.clock.stop.ask()
        self.check(self.perform(), NEWS.INTERRUPTED)
        self.assertFalse(self.file.exists())

    def test_asked_to_stop_after_a_kill(self):
        self.killed(do_two=Killed())
        self.clock.stop.ask()
        result = self.perform()
        self.check(result, NEWS.INTERRUPTED, 'undo two', 'undo one')

    def test_done_once_more(self):
        """Where it is ordered again, its last step is."""
        self.perform()
        self.check(self.perform(), NEWS.DONE, 'do three')

    def test_records_of_other_steps(self):
        self.killed(do_three=Killed())
        text = self.file.read_text().replace('"one"', '"five"')
        self.file.write_text(text)
        result = self.perform()
        self.check(result, NEWS.DONE, *DONE)
        self.assertIn('is of other steps', self.logged.output)

    def test_records_without_what_was_made(self):
        class Makes(One):
            makes = 'image_id'

            def do(self, made):
                return dataclasses.replace(super().do(made), image_id='an-id')

        self.classes['one'] = Makes
        for emptied in 1, 2:
            self.killed(do_three=Killed())
            text = self.file.read_text()
            self.assertEqual(2, text.count('"an-id"'))
            self.file.write_text(text.replace('"an-id"', '""', emptied))
            result = self.perform()
            self.assertEqual('an-id', result.made.image_id)
            self.assertIn('has no image_id', self.logged.output)
            self.file.unlink()

    def test_damaged_records(self):
        for damage in b'', b'{', b'[]', b'{"version": 3, "flow": "x"}':
            self.file.write_bytes(damage)
            self.check(self.perform(), NEWS.DONE, *DONE)
            self.assertIn(self.file.name, self.logged.output)

    def test_damaged_records_are_undone(self):
        """Only the first step can be told to have begun; it may be more."""
        self.file.write_bytes(b'{')
        self.check(self.perform(undo=True), NEWS.UNDONE, 'undo one')


class LostTestCase(TestCase):
    """The folder of the journal goes."""

    def _loses(self, then=lambda: None):
        def lose():
            self.folder.rename(self.folder.with_suffix('.away'))
            then()

        return lose

    def test_in_the_middle(self):
        """What cannot be noted is not done; what was done is undone."""
        result = self.perform(do_two=self._loses())
        self.check(
            result, NEWS.UNWRITTEN, 'do one', 'do two', 'undo two', 'undo one'
        )
        self.assertIn(str(self.folder), result.reason)

    def test_before_all_begins(self):
        self._loses()()
        self.check(self.perform(), NEWS.UNWRITTEN)

    def test_at_the_end(self):
        """Another flow waits for it: then it has to be written down."""
        result = self.perform(do_three=self._loses())
        self.check(result, NEWS.UNWRITTEN, *DONE, *UNDONE)

    def test_at_the_end_of_the_last_flow(self):
        """All is done: that is what counts."""
        self.perform()
        result = self.again(self.second, do_four=self._loses())
        self.check(result, NEWS.DONE, 'do four')

    def test_with_what_was_made(self):
        def gone():
            raise errors.NotFound('gone')

        self.killed(do_three=Killed())
        result = self.perform(do_three=self._loses(gone))
        self.check(result, NEWS.GONE, 'do three', *UNDONE)

    def test_undo_without_it(self):
        self.perform()
        self._loses()()
        self.check(self.again(undo=True), NEWS.UNDONE, *UNDONE)


class OnDemandTestCase(TestCase):
    """What a flow has done on demand another one makes good, always."""

    flow = {'on_demand': True}

    def test_failure_is_not_undone_here(self):
        result = self.perform(do_two=errors.WaitFailed('no'))
        self.check(result, NEWS.GONE, 'do one', 'do two')
        result = self.perform(self.second)
        self.check(result, NEWS.DONE, 'do four')
        self.assertEqual([ALL[:1]], self.made)

    def test_made_good_when_asked_to_stop(self):
        self.perform()
        self.clock.stop.ask()
        self.check(self.perform(self.second), NEWS.DONE, 'do four')

    def test_record_that_is_lost(self):
        """Nobody knows what it did: it is undone first."""
        self.perform()
        self.file.write_bytes(b'{')
        result = self.perform(self.second)
        self.check(result, NEWS.DONE, *UNDONE, 'do four')
        self.perform()
        self.file.write_bytes(b'{')
        self.check(self.perform(), NEWS.DONE, *UNDONE, *DONE)

    def test_always_that_fails(self):
        """It is not undone either: it is tried again."""
        self.perform()
        result = self.perform(self.second, do_four=errors.CloudError('no'))
        self.check(result, NEWS.FAILED, 'do four')
        self.check(self.perform(self.second), NEWS.DONE, 'do four')
