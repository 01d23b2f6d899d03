# SPDX-License-Identifier: Apache-2.0

import dataclasses
import logging
import pathlib
import types

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import flow_records
from backupclient.engine import flows
from backupclient.procedures import step
from backupclient.tests.unit import fake_clock


class Killed(BaseException):
    """The process is dead: nothing is undone."""


class Numbered(step.Step):
    """A step that says what it does, and adds its name to what is made.

    The item is the test, which says what goes wrong.
    """

    title = 'a step'

    @staticmethod
    def command(item):
        return ''

    def do(self, made):
        self._call('do', made)
        return dataclasses.replace(
            made, notes=(*made.notes, type(self).__name__)
        )

    def undo(self, made):
        self._call('undo', made)

    def _call(self, what, made):
        name = type(self).__name__
        self.item.calls.append(f'{what} {name}')
        self.item.made.append(made.notes)
        self.item.go_wrong(f'{what} {name}')


class One(Numbered):
    pass


class Two(Numbered):
    captures = True


class Three(Numbered):
    pass


ALL = ('One', 'Two', 'Three')


class FlowsTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'records.json'
        self.logged = self.useFixture(fixtures.FakeLogger(level=logging.INFO))
        self.work = types.SimpleNamespace(
            cloud=None,
            clock=fake_clock.FakeClock(),
            run='20260102T030405Z-abcd',
        )
        state = self.useFixture(fixtures.TempDir()).path
        self.useFixture(fixtures.EnvironmentVariable('XDG_STATE_HOME', state))
        self.failures = {}

    def _run(self, *steps, half=flows.Half.BOTH, **failures):
        """Run steps in a new process.

        :param failures: what is raised or called in ``do_One`` and so on.
        """
        self.calls, self.made, self.heard, self.left_over = [], [], [], []
        self.failures = {
            name.replace('_', ' '): failure
            for name, failure in failures.items()
        }
        steps = [each(self.work, self) for each in steps or (One, Two, Three)]
        return flows.run(
            steps,
            flow_records.Records(self.path, steps),
            flows.Listener(
                self._starts,
                lambda title: None,
                lambda step: self.heard.append(type(step).__name__),
                self.left_over.append,
            ),
            half,
        )

    def go_wrong(self, name):
        """Fail once, if something is to fail there."""
        failure = self.failures.pop(name, None)
        if callable(failure):
            failure()
        elif failure is not None:
            raise failure

    def _starts(self):
        self.heard.append('starts')
        self.go_wrong('starts')

    def _killed(self, **failures):
        self.assertRaises(Killed, self._run, **failures)

    def test_each_step_once(self):
        made = self._run()
        self.assertEqual(ALL, made.notes)
        self.assertEqual(['do One', 'do Two', 'do Three'], self.calls)
        self.assertEqual([(), ALL[:1], ALL[:2]], self.made)
        self.assertEqual(['starts', *ALL], self.heard)

    def test_whatever_goes_wrong_the_others_are_undone(self):
        failure = self.assertRaises(
            errors.BackupError,
            self._run,
            do_Three=errors.BackupError('no'),
            undo_Two=ZeroDivisionError('oh'),
        )
        self.assertEqual('no', str(failure))
        self.assertEqual(
            ['undo Three', 'undo Two', 'undo One'], self.calls[3:]
        )
        self.assertEqual([ALL[:2], ALL[:2], ALL[:1]], self.made[3:])
        (left_over,) = self.left_over
        self.assertIn('fault of the program (ZeroDivisionError)', left_over)
        self.assertEqual([], [*self.folder.iterdir()])
        self.assertEqual('', self.logged.output)

    def test_killed_in_a_step(self):
        """It is done again, and those before it are not."""
        for number, name in enumerate(ALL):
            self._killed(**{f'do_{name}': Killed()})
            made = self._run()
            self.assertEqual(ALL, made.notes)
            self.assertEqual(
                [f'do {each}' for each in ALL[number:]], self.calls
            )
            self.assertEqual(ALL[:number], self.made[0])
            # What is captured needs nothing to be as it was.
            starts = [] if 'Two' in ALL[:number] else ['starts']
            self.assertEqual(
                [*ALL[:number], *starts, *ALL[number:]], self.heard
            )
            self.path.unlink()

    def test_killed_at_the_end(self):
        made = self._run()
        self.assertEqual(made, self._run())
        self.assertEqual([], self.calls)
        self.assertEqual([*ALL], self.heard)

    def test_failed_after_a_kill(self):
        """What an earlier process has done is undone as well."""
        self._killed(do_Two=Killed())
        self.assertRaises(
            errors.CloudError, self._run, do_Two=errors.CloudError('no')
        )
        self.assertEqual(['do Two', 'undo Two', 'undo One'], self.calls)
        self.assertEqual(ALL[:1], self.made[2])

    def test_killed_in_an_undoing(self):
        """It is carried on where it was; then all begins anew."""
        for number, name in enumerate(ALL):
            failures = {f'undo_{name}': Killed()}
            self._killed(do_Three=errors.BackupError('no'), **failures)
            made = self._run()
            self.assertEqual(ALL, made.notes)
            undone = [f'undo {each}' for each in reversed(ALL[: number + 1])]
            again = [f'do {each}' for each in ALL]
            self.assertEqual(undone + again, self.calls[-len(undone) - 3 :])
            self.assertLessEqual(len(self.calls), len(undone) + 4)
            self.path.unlink()

    def test_what_was_made_is_gone(self):
        """As by a cleanup, between a kill and the resuming."""
        for error in errors.NotFound('gone'), errors.WaitFailed('gone'):
            self._killed(do_Three=Killed())
            made = self._run(do_Three=error)
            self.assertEqual(ALL, made.notes)
            self.assertEqual(
                [
                    'do Three',
                    'undo Three',
                    'undo Two',
                    'undo One',
                    'do One',
                    'do Two',
                    'do Three',
                ],
                self.calls,
            )
            self.path.unlink()

    def test_in_two_halves(self):
        made = self._run(half=flows.Half.FIRST)
        self.assertEqual(ALL[:2], made.notes)
        self.assertEqual(['do One', 'do Two'], self.calls)
        made = self._run(half=flows.Half.SECOND)
        self.assertEqual(ALL, made.notes)
        self.assertEqual(['do Three'], self.calls)
        self.assertNotIn('starts', self.heard)

    def test_second_half_that_fails(self):
        """What was made is not gone: so nothing begins anew."""
        self._run(half=flows.Half.FIRST)
        self.assertRaises(
            errors.WaitFailed,
            self._run,
            half=flows.Half.SECOND,
            do_Three=errors.WaitFailed('no'),
        )
        self.assertEqual(
            ['do Three', 'undo Three', 'undo Two', 'undo One'], self.calls
        )

    def test_first_half_that_cannot_be_noted(self):
        self.assertRaises(
            errors.JournalError,
            self._run,
            half=flows.Half.FIRST,
            do_Two=self._loses(),
        )
        self.assertEqual(['undo Two', 'undo One'], self.calls[2:])

    def test_gone_without_a_kill_is_a_failure(self):
        self.assertRaises(
            errors.NotFound, self._run, do_Three=errors.NotFound('gone')
        )

    def test_too_late_after_a_kill_is_a_failure(self):
        self._killed(do_Three=Killed())
        self.assertRaises(
            errors.WaitTimeout, self._run, do_Three=errors.WaitTimeout('slow')
        )

    def test_records_of_other_steps(self):
        """As of another release: all begins anew."""
        self._killed(do_Three=Killed())
        made = self._run(Two, One)
        self.assertEqual(('Two', 'One'), made.notes)
        self.assertIn('is of other steps', self.logged.output)

    def test_records_without_what_was_made(self):
        class Makes(One):
            makes = 'image_id'

            def do(self, made):
                return dataclasses.replace(super().do(made), image_id='an-id')

        for emptied in 1, 2:
            self.assertRaises(
                Killed, self._run, Makes, Two, Three, do_Three=Killed()
            )
            text = self.path.read_text()
            self.assertEqual(2, text.count('"an-id"'))
            self.path.write_text(text.replace('"an-id"', '""', emptied))
            made = self._run(Makes, Two, Three)
            self.assertEqual('an-id', made.image_id)
            self.assertIn('has no image_id', self.logged.output)
            self.path.unlink()

    def test_damaged_records(self):
        for damage in b'', b'{', b'[]', b'{"version": 2, "done": []}':
            self.path.write_bytes(damage)
            self.assertEqual(ALL, self._run().notes)
            self.assertIn(str(self.path), self.logged.output)

    def _loses(self, then=lambda: None):
        """The folder of the records goes."""

        def lose():
            self.folder.rename(self.folder.with_suffix('.away'))
            then()

        self.addCleanup(
            lambda: self.folder.with_suffix('.away').rename(self.folder)
        )
        return lose

    def test_journal_that_is_gone(self):
        """What cannot be noted is not done; what was done is undone."""
        failure = self.assertRaises(
            errors.JournalError, self._run, do_Two=self._loses()
        )
        self.assertIn(str(self.folder), str(failure))
        self.assertEqual(
            ['do One', 'do Two', 'undo Two', 'undo One'], self.calls
        )
        self.assertEqual('', self.logged.output)

    def test_journal_that_is_gone_before_all_begins(self):
        self._loses()()
        self.assertRaises(errors.JournalError, self._run)
        self.assertEqual([], self.calls)

    def test_journal_that_is_gone_at_the_end(self):
        """All is done: that is what counts."""
        made = self._run(do_Three=self._loses())
        self.assertEqual(ALL, made.notes)

    def test_journal_that_is_gone_with_what_was_made(self):
        """Nothing begins anew without a journal."""

        def gone():
            raise errors.NotFound('gone')

        self._killed(do_Three=Killed())
        self.assertRaises(
            errors.JournalError, self._run, do_Three=self._loses(gone)
        )
        self.assertEqual('undo One', self.calls[-1])

    def test_server_that_does_not_stop(self):
        """What an earlier process has made is undone, and nothing else."""
        failure = errors.WaitFailed('it runs')
        self.assertRaises(errors.WaitFailed, self._run, starts=failure)
        self.assertEqual([], self.calls)
        self._killed(do_Two=Killed())
        self.assertRaises(errors.Busy, self._run, starts=errors.Busy('no'))
        self.assertEqual(['undo Two', 'undo One'], self.calls)
