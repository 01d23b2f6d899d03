# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and kill -9 in each step of each procedure, and then resume."""

import re

from backupclient.tests.functional import base
from backupclient.tests.functional import cases


class StoppedIn:
    def said(self, title):
        """What the run says when a step of this procedure begins."""
        return rf': {re.escape(title)}$'

    def test_interrupt(self):
        for title in self.titles():
            stopped = self.backup_until(
                self.said(title), base.INTERRUPT, *self.command()
            )
            if stopped.code == 0:
                # The last step is a deletion, which is not left half done.
                self.assertEqual(self.titles()[-1], title)
                self.assertDone(stopped)
                continue
            self.assertEqual(130, stopped.code, f'{title}: {stopped}')
            self.assertNothingLeft()
            resumed = self.backup('--resume', 'last')
            self.assertEqual(stopped.run, resumed.run)
            self.assertDone(resumed)

    def test_kill(self):
        for title in self.titles():
            killed = self.backup_until(
                self.said(title), base.KILL, *self.command()
            )
            self.assertEqual(-base.KILL, killed.code, f'{title}: {killed}')
            resumed = self.backup('--resume', killed.run)
            self.assertDone(resumed)
            again = self.openstack('backup', 'run', '--resume', killed.run)
            self.assertEqual(2, again.code, again)


globals().update(cases.for_each(StoppedIn))
