# SPDX-License-Identifier: Apache-2.0
"""The contract of journals: files and memory keep it."""

import dataclasses

import fixtures
import testtools

from backupclient.engine import journal_base
from backupclient.engine import journal_memory
from backupclient.engine import journals
from backupclient.model import plans
from backupclient.model import results
from backupclient.procedures import interim
from backupclient.tests.unit.engine import projects

RUN = '20260102T030405Z-abcd'
FLOW = 'volume/v/capture#1'
OTHER = projects.volume('v', plans.Procedure.SNAPSHOT_IMAGE)
ITEM = projects.volume('v', plans.Procedure.VOLUME_BACKUP, fallback=OTHER)


class Contract:
    def run_of(self):
        return journal_base.Run(
            RUN, projects.plan_of(ITEM), '2026-01-02T03:04:05+00:00', 4, 60.0
        )

    def test_new(self):
        made = self.begin(self.run_of())
        self.assertEqual(self.run_of(), made.run())
        self.assertEqual({}, made.replaced())
        self.assertEqual({}, made.outcomes())
        self.assertIsNone(made.progress(FLOW))
        self.assertFalse(made.has_ended)

    def test_progress(self):
        made = self.begin(self.run_of())
        first = journal_base.Progress(FLOW)
        made.keep(first)
        self.assertEqual(first, self.again(made).progress(FLOW))
        done = journal_base.Done('backup', interim.Backup(image_id='i'))
        then = dataclasses.replace(first, done=(done,), undoing=True)
        made.keep(then)
        self.assertEqual(then, made.progress(FLOW))
        self.assertEqual(then, self.again(made).progress(FLOW))
        self.assertIsNone(made.progress('volume/v/deliver#1'))
        made.forget(FLOW)
        # Once more does no harm.
        made.forget(FLOW)
        self.assertIsNone(made.progress(FLOW))
        self.assertIsNone(self.again(made).progress(FLOW))

    def test_replaced(self):
        made = self.begin(self.run_of())
        made.replace(0, OTHER)
        self.assertEqual({0: OTHER}, made.replaced())
        self.assertEqual({0: OTHER}, self.again(made).replaced())
        self.assertEqual((ITEM,), self.again(made).run().plan.items)

    def test_outcomes(self):
        made = self.begin(self.run_of())
        ended = results.Outcome(
            ITEM.resource, ITEM.procedure, results.State.FAILED, 'why'
        )
        made.record(0, ended)
        self.assertEqual({0: ended}, made.outcomes())
        self.assertEqual({0: ended}, self.again(made).outcomes())

    def test_end(self):
        made = self.begin(self.run_of())
        made.end(journal_base.Ended(results.State.COMPLETE, 'now'))
        self.assertTrue(made.has_ended)
        self.assertTrue(self.again(made).has_ended)


class FilesTestCase(Contract, testtools.TestCase):
    def begin(self, run):
        self.useFixture(
            fixtures.EnvironmentVariable(
                'XDG_STATE_HOME', self.useFixture(fixtures.TempDir()).path
            )
        )
        return journals.Journal.create(run)

    def again(self, made):
        """Open it as another process does."""
        return journals.of(made.folder.name)


class MemoryTestCase(Contract, testtools.TestCase):
    def begin(self, run):
        return journal_memory.MemoryJournal(run)

    def again(self, made):
        return made
