# SPDX-License-Identifier: Apache-2.0

from concurrent import futures

import testtools

from backupclient import clock
from backupclient import errors
from backupclient import stop


class ShieldedTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stop = stop.Stop()
        self.clock = clock.SystemClock(self.stop)
        self.stop.ask()

    def _stops(self):
        self.assertRaises(errors.Interrupted, self.stop.check)
        self.assertRaises(errors.Interrupted, self.clock.sleep, 0)

    def test_goes_on_while_it_lasts(self):
        self._stops()
        with self.stop.shielded():
            self.stop.check()
            self.clock.sleep(0)
        self._stops()

    def test_wakes_who_sleeps(self):
        asleep = stop.Stop()
        with futures.ThreadPoolExecutor(1) as pool:
            sleeping = pool.submit(clock.SystemClock(asleep).sleep, 600.0)
            asleep.ask()
            self.assertIsInstance(sleeping.exception(), errors.Interrupted)

    def test_asked(self):
        self.assertFalse(stop.Stop().asked)
        with self.stop.shielded():
            self.assertTrue(self.stop.asked)

    def test_nested(self):
        """The inner one's end is not the outer one's."""
        with self.stop.shielded():
            with self.stop.shielded():
                self.stop.check()
            self.stop.check()
        self._stops()

    def test_ends_with_an_error(self):
        with self.stop.shielded():
            self.assertRaises(ZeroDivisionError, self._fail)
            self.stop.check()
        self._stops()

    def _fail(self):
        with self.stop.shielded():
            raise ZeroDivisionError

    def test_in_its_own_thread_only(self):
        with (
            self.stop.shielded(),
            futures.ThreadPoolExecutor(1) as pool,
        ):
            pool.submit(self._stops).result()
