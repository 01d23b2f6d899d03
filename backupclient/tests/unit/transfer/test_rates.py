# SPDX-License-Identifier: Apache-2.0

from concurrent import futures

import testtools

from backupclient import errors
from backupclient.tests.unit import fake_clock
from backupclient.transfer import rates

MIB = 1 << 20


class _Opened:
    start = 7

    def __init__(self, data):
        self._data = data

    def read(self, size, /):
        block, self._data = self._data[:size], self._data[size:]
        return block

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._data = b''


class _Source:
    def __init__(self, data):
        self.data = data
        self.offsets = []

    def open(self, offset, /):
        self.offsets.append(offset)
        return _Opened(self.data[offset:])


def _drain(source, offset=0):
    with source.open(offset) as opened:
        found = b''
        while block := opened.read(MIB // 2):
            found += block
        return opened.start, found


class RateTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fake_clock.FakeClock()

    def test_one_transfer(self):
        limit = rates.Rate(2 * MIB, self.clock)
        data = bytes(range(256)) * (10 * MIB // 256)
        source = _Source(data)
        start, found = _drain(rates.Limited(source, limit), 256)
        self.assertEqual(
            (7, data[256:], [256]), (start, found, source.offsets)
        )
        self.assertAlmostEqual(5.0, self.clock.slept, places=1)

    def test_all_together(self):
        limit = rates.Rate(4 * MIB, self.clock)
        with futures.ThreadPoolExecutor(4) as pool:
            every = [
                pool.submit(_drain, rates.Limited(_Source(bytes(MIB)), limit))
                for _ in range(4)
            ]
        self.assertEqual([MIB] * 4, [len(one.result()[1]) for one in every])
        # The threads sleep at the same time: the longest is the last one's.
        self.assertGreaterEqual(self.clock.slept, 1.0)

    def test_what_a_slow_source_left_over_is_not_saved_up(self):
        limit = rates.Rate(MIB, self.clock)
        self.clock.sleep(100)
        limit.take(4 * MIB)
        self.assertAlmostEqual(3.0, self.clock.pauses[-1])

    def test_interrupted(self):
        limit = rates.Rate(MIB, self.clock)
        self.clock.stop.ask()
        self.assertRaises(errors.Interrupted, limit.take, 2 * MIB)
