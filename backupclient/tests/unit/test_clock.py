# SPDX-License-Identifier: Apache-2.0

from concurrent import futures

import testtools

from backupclient import clock
from backupclient import errors


class ShieldedTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = clock.SystemClock()
        self.clock.stop()

    def _stops(self):
        self.assertRaises(errors.Interrupted, self.clock.check)
        self.assertRaises(errors.Interrupted, self.clock.sleep, 0)

    def test_goes_on_while_it_lasts(self):
        self._stops()
        with self.clock.shielded():
            self.clock.check()
            self.clock.sleep(0)
        self._stops()

    def test_nested(self):
        """The inner one's end is not the outer one's."""
        with self.clock.shielded():
            with self.clock.shielded():
                self.clock.check()
            self.clock.check()
        self._stops()

    def test_ends_with_an_error(self):
        with self.clock.shielded():
            self.assertRaises(ZeroDivisionError, self._fail)
            self.clock.check()
        self._stops()

    def _fail(self):
        with self.clock.shielded():
            raise ZeroDivisionError

    def test_in_its_own_thread_only(self):
        with (
            self.clock.shielded(),
            futures.ThreadPoolExecutor(1) as pool,
        ):
            pool.submit(self._stops).result()
