# SPDX-License-Identifier: Apache-2.0
"""The clock on the wall is set while a run goes on."""

import datetime

from backupclient.cloud import door
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.engine import base
from backupclient.tests.unit.fake_cloud import wire

YEARS = datetime.timedelta(days=3653)


class JumpingClock(fake_clock.FakeClock):
    """Is set anew each time that it is looked at."""

    def __init__(self, jumps):
        super().__init__()
        self._jumps = list(jumps)
        self._ahead = datetime.timedelta()

    def now(self):
        if self._jumps:
            self._ahead += self._jumps.pop(0)
        return super().now() + self._ahead


class ClocksTestCase(base.TestCase):
    def _new_process(self, *jumps):
        self.new_process()
        self.clock = JumpingClock(jumps)
        self.cloud = door.connect(self.connection, self.clock)

    def _plan(self):
        self.fake.cinder.add_volume('data', base.DATA)
        return self.plan(target=str(self.target))

    def test_any_jump(self):
        none = datetime.timedelta()
        for jumps in (
            [none, YEARS],
            [none, -YEARS],
            [none, none, -YEARS],
            [YEARS, -2 * YEARS, 2 * YEARS, -YEARS, YEARS],
        ):
            self.begin()
            planned = self._plan()
            self._new_process(*jumps)
            report = self.start(planned)
            self.assertEqual(0, report.exit_code, jumps)
            self.assertEqual(
                (), check.check(localfolder.Folder(self.folder(report)))
            )
            self.check_cloud()
            (one,) = report.outcomes
            self.assertEqual(round(self.clock.slept, 1), one.seconds)

    def test_set_back_before_it_is_resumed(self):
        """It is still the newest one, and goes on."""
        planned = self._plan()
        self._new_process(YEARS)
        self.fake.fail(wire.Killed(), 'DELETE glance')
        self.assertRaises(wire.Killed, self.start, planned)
        self._new_process(-YEARS)
        report = self.resume()
        self.assertEqual(0, report.exit_code)
        manifest = check.read(localfolder.Folder(self.folder(report)))
        self.assertGreater(manifest.created_at, manifest.finished_at)
        self.check_cloud()
