# SPDX-License-Identifier: Apache-2.0

from concurrent import futures

import testtools

from backupclient import clocks
from backupclient import errors
from backupclient import stops


class ShieldedTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stop = stops.Stop()
        self.clock = clocks.SystemClock(self.stop)
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
        asleep = stops.Stop()
        with futures.ThreadPoolExecutor(1) as pool:
            sleeping = pool.submit(clocks.SystemClock(asleep).sleep, 600.0)
            asleep.ask()
            self.assertIsInstance(sleeping.exception(), errors.Interrupted)

    def test_asked(self):
        self.assertFalse(stops.Stop().asked)
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
