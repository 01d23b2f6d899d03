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
    def test_interrupt(self):
        for title in self.titles():
            stopped = self.backup_until(
                said(title), base.INTERRUPT, *self.command()
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


globals().update(cases.for_each(StoppedIn))


class KilledIn:
    def test_kill(self):
        for title in self.titles():
            killed = self.backup_until(said(title), base.KILL, *self.command())
            self.assertEqual(-base.KILL, killed.code, f'{title}: {killed}')
            resumed = self.backup('--resume', killed.run)
            self.assertDone(resumed)
            again = self.openstack('backup', 'run', '--resume', killed.run)
            self.assertEqual(2, again.code, again)


class KilledInImageDownload(KilledIn, cases.ImageDownload):
    pass


class KilledInSecretDownload(KilledIn, cases.SecretDownload):
    pass


class KilledInVolumeImage(KilledIn, cases.VolumeImage):
    pass
