# SPDX-License-Identifier: Apache-2.0

import logging
import pathlib
import types

import fixtures
import testtools

from backupclient import errors
from backupclient.engine import flows
from backupclient.procedures import step
from backupclient.tests.unit import fake_clock


class Numbered(step.Step):
    """A step that says what it does."""

    title = 'a step'

    @staticmethod
    def command(item):
        return ''

    def do(self, made):
        self.item.append(f'do {type(self).__name__}')
        return made

    def undo(self, made):
        self.item.append(f'undo {type(self).__name__}')


class One(Numbered):
    pass


class Two(Numbered):
    def undo(self, made):
        super().undo(made)
        raise ZeroDivisionError('oh')


class Three(Numbered):
    def do(self, made):
        super().do(made)
        raise errors.BackupError('no')


class UndoTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.work = types.SimpleNamespace(
            cloud=None, clock=fake_clock.FakeClock()
        )
        self.calls, self.left_over = [], []

    def _run(self, *steps):
        return flows.run(
            [each(self.work, self.calls) for each in steps],
            self.folder,
            flows.Listener(
                lambda: None,
                lambda title: None,
                lambda step: None,
                self.left_over.append,
            ),
        )

    def test_whatever_goes_wrong_the_others_are_undone(self):
        logged = self.useFixture(fixtures.FakeLogger(level=logging.INFO))
        failure = self.assertRaises(
            errors.BackupError, self._run, One, Two, Three
        )
        self.assertEqual('no', str(failure))
        self.assertEqual(
            ['undo Three', 'undo Two', 'undo One'], self.calls[3:]
        )
        self.assertEqual(['ZeroDivisionError: oh'], self.left_over)
        self.assertEqual('', logged.output)

    def test_journal_that_is_gone(self):
        """What cannot be noted is not done; what was done is undone."""

        class Gone(One):
            def do(self, made):
                super().do(made)
                for path in self.folder.iterdir():
                    path.rename(path.with_name(f'{path.name}.away'))
                return made

        Gone.folder = self.folder
        logged = self.useFixture(fixtures.FakeLogger(level=logging.INFO))
        failure = self.assertRaises(
            errors.JournalError, self._run, One, Gone, Two
        )
        self.assertIn(str(self.folder), str(failure))
        self.assertEqual(
            ['do One', 'do Gone', 'undo Two', 'undo Gone', 'undo One'],
            self.calls,
        )
        self.assertEqual('', logged.output)
