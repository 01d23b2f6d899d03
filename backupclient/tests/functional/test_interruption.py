# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in each step of each procedure, kill -9 in some, and then resume.

In ``faults`` a kill comes before and after each request that changes
something, and in ``test_cleanup`` a cleanup follows it.
"""

import re

from backupclient.tests.functional import base
from backupclient.tests.functional import cases


def said(title):
    """What a run says when a step begins."""
    return rf': {re.escape(title)}$'


class StoppedIn:
    """One run that is interrupted in each step in turn, and resumed."""

    def test_interrupt(self):
        titles, command = self.titles(), self.command()
        for title in titles:
            stopped = self.backup_until(said(title), base.INTERRUPT, *command)
            if stopped.code == 0:
                # The last step is a deletion, which is not left half done.
                self.assertEqual(titles[-1], title)
                self.assertDone(stopped)
                return
            self.assertEqual(130, stopped.code, f'{title}: {stopped}')
            self.assertNothingLeft()
            command = ('--resume', stopped.run)
        resumed = self.backup('--resume', 'last')
        self.assertEqual(stopped.run, resumed.run)
        self.assertDone(resumed)


globals().update(cases.for_each(StoppedIn))


class KilledIn:
    """One run that is killed in each step in turn, and resumed."""

    def test_kill(self):
        titles, command = self.titles(), self.command()
        for title in titles:
            killed = self.backup_until(said(title), base.KILL, *command)
            command = ('--resume', killed.run)
            if killed.code == 0 and title == titles[-1]:
                # A last step of one request: it ended before the kill.
                break
            self.assertEqual(-base.KILL, killed.code, f'{title}: {killed}')
        self.assertDone(self.backup(*command) if killed.code else killed)
        again = self.openstack('backup', 'run', *command)
        self.assertEqual(2, again.code, again)


class KilledInImageDownload(KilledIn, cases.ImageDownload):
    pass


class KilledInSecretDownload(KilledIn, cases.SecretDownload):
    pass


class KilledInVolumeImage(KilledIn, cases.VolumeImage):
    pass
