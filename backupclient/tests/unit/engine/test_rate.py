# SPDX-License-Identifier: Apache-2.0

from backupclient.operations import running
from backupclient.tests.unit.engine import base


class RateTestCase(base.TestCase):
    def _start(self, limit_rate):
        self.fake.glance.add_image('one', b'1' * 30_000)
        self.fake.glance.add_image('other', b'2' * 30_000)
        return running.start(
            self.cloud,
            self.clock,
            self.plan(target=str(self.target)),
            self.reporter,
            parallel=1,
            timeout=3600.0,
            limit_rate=limit_rate,
        )

    def test_downloads_take_their_time(self):
        self.assertEqual(0, self._start(10_000).exit_code)
        # 60,000 bytes, of which the first seconds' may come at once.
        self.assertGreaterEqual(self.clock.slept, 5.0)
        self.assertLessEqual(self.clock.slept, 7.0)

    def test_no_limit(self):
        self.assertEqual(0, self._start(0).exit_code)
        self.assertEqual(0, self.clock.slept)

    def test_it_is_kept_for_who_resumes(self):
        self._start(10_000)
        (journal,) = self.journals()
        self.assertEqual(10_000, journal.run().limit_rate)
