# SPDX-License-Identifier: Apache-2.0

import itertools

import fixtures
import testtools

from backupclient import errors
from backupclient.cloud import waiting
from backupclient.tests.unit import fake_clock


class WaiterTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fake_clock.FakeClock()

    def _wait(self, *states, bad=('error',), timeout=600.0):
        """Wait, while the last state stays for ever."""
        every = itertools.chain(states, itertools.repeat(states[-1]))
        waiter = waiting.Waiter(self.clock, timeout)
        return waiter.until({'done'}, lambda: next(every), 'Volume v', bad=bad)

    def test_good(self):
        self.assertEqual('done', self._wait('new', 'busy', 'done'))
        self.assertEqual(2, len(self.clock.pauses))

    def test_is_logged(self):
        """Once for each state, not for each look at it."""
        log = self.useFixture(fixtures.FakeLogger('backupclient'))
        self._wait('new', 'new', 'new', 'busy', 'busy', 'done')
        self.assertEqual(
            [
                'Volume v is new: waiting for done',
                'Volume v is busy: waiting for done',
            ],
            log.output.splitlines(),
        )

    def test_good_at_once(self):
        self._wait('done')
        self.assertEqual([], self.clock.pauses)

    def test_bad(self):
        for state, words in (
            ('error', ('Volume v', '"error"', 'Ask the operator')),
            ('gone', ('Volume v was deleted', 'start a new run')),
        ):
            failure = self.assertRaises(
                errors.WaitFailed, self._wait, 'new', state
            )
            self.assertNotIsInstance(failure, errors.WaitTimeout)
            for each in words:
                self.assertIn(each, str(failure))

    def test_gone_may_be_good(self):
        waiter = waiting.Waiter(self.clock, 1.0)
        waiter.until({waiting.GONE}, lambda: waiting.GONE, 'Volume v')

    def test_too_late(self):
        failure = self.assertRaises(errors.WaitTimeout, self._wait, 'new')
        self.assertEqual(600.0, self.clock.slept)
        for word in ('Volume v', 'new', '10 minutes', 'done', '--timeout'):
            self.assertIn(word, str(failure))

    def test_pauses_grow_to_ten_seconds(self):
        self.assertRaises(errors.WaitTimeout, self._wait, 'new')
        self.assertEqual(0.5, self.clock.pauses[0])
        self.assertEqual(10.0, max(self.clock.pauses))

    def _answers(self, *answers):
        """Wait, while some answers are errors; each takes half a minute."""
        every = iter(answers)

        def read():
            self.clock.sleep(30.0)
            answer = next(every)
            if isinstance(answer, Exception):
                raise answer
            return answer

        waiter = waiting.Waiter(self.clock, 36000.0)
        return waiter.until({'done'}, read, 'Volume v')

    def test_outage(self):
        """A service may be restarted meanwhile, more than once."""
        for error in (
            errors.AnswerLost('no answer'),
            errors.CloudError('unavailable', 503),
        ):
            outage = 20 * [error]
            self._answers(*outage, 'busy', *outage, 'done')
            failure = self.assertRaises(
                errors.CloudError, self._answers, 'busy', *2 * outage
            )
            self.assertIs(error, failure)

    def test_refused(self):
        error = errors.Forbidden('no', 403)
        self.assertRaises(errors.Forbidden, self._answers, error, 'done')

    def test_interrupted(self):
        self.clock = fake_clock.FakeClock(stop_at=3)
        self.assertRaises(errors.Interrupted, self._wait, 'new')
        self.assertEqual(3, len(self.clock.pauses))
