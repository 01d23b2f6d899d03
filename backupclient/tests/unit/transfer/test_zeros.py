# SPDX-License-Identifier: Apache-2.0

import os

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.store import base
from backupclient.store import memory
from backupclient.tests.unit import examples
from backupclient.transfer import zeros

GRAIN = 4096
CONTENT = st.lists(
    st.tuples(
        st.sampled_from(b'\0\0ab'),
        st.integers(1, 9000) | st.sampled_from((GRAIN, 2 * GRAIN)),
    ),
    max_size=8,
).map(lambda runs: b''.join(bytes([what]) * many for what, many in runs))


class Writer:
    """Notes what it is given."""

    def __init__(self):
        self.calls = []
        self.content = b''

    def data(self, offset, block):
        self.calls.append(('data', offset, len(block)))
        self.content += block

    def hole(self, offset, length):
        self.calls.append(('hole', offset, length))
        self.content += bytes(length)


class TestRuns(testtools.TestCase):
    def found(self, offset, block):
        return list(zeros.runs(offset, block))

    def test_zeros_only(self):
        for size in (0, 1, GRAIN, GRAIN + 1, base.BLOCK, base.BLOCK + 9):
            self.assertEqual([], self.found(0, bytes(size)))
            self.assertEqual([], self.found(77, bytes(size)))

    def test_no_zeros(self):
        block = b'x' * base.BLOCK
        self.assertEqual([(0, len(block))], self.found(0, block))
        self.assertEqual([(0, len(block))], self.found(5, block))

    def test_zeros_that_fill_no_grain_are_data(self):
        block = b'x' + bytes(GRAIN) + b'x'
        self.assertEqual([(0, len(block))], self.found(0, block))

    def test_grains_are_those_of_the_file(self):
        block = b'x' * 96 + bytes(GRAIN) + b'x'
        self.assertEqual(
            [(0, 96), (GRAIN + 96, GRAIN + 97)],
            self.found(GRAIN - 96, block),
        )

    @examples.examples(100)
    @hypothesis.given(CONTENT, st.integers(0, 3 * GRAIN))
    def test_each_grain(self, block, offset):
        """A grain is data when one of its bytes is not zero."""
        data = set()
        for begin, end in self.found(offset, block):
            self.assertLess(begin, end)
            data.update(range(begin, end))
        for number in range((offset + len(block)) // GRAIN + 1):
            begin = max(0, number * GRAIN - offset)
            end = min(len(block), (number + 1) * GRAIN - offset)
            grain = block[begin:end] if begin < end else b''
            expected = any(grain)
            there = {at in data for at in range(begin, end)}
            self.assertLessEqual(there, {expected}, (begin, end))


class TestSink(testtools.TestCase):
    @examples.examples(100)
    @hypothesis.given(CONTENT, st.integers(50, 20_000))
    def test_comes_out_as_it_went_in(self, data, step):
        for holes in (True, False):
            writer = Writer()
            sink = zeros.Sink(writer, holes=holes)
            for offset in range(0, len(data), step):
                sink.write(offset, data[offset : offset + step])
            self.assertEqual(data, writer.content)
            at = 0
            for what, offset, length in writer.calls:
                self.assertEqual((at, True), (offset, length > 0))
                self.assertTrue(holes or what == 'data')
                at += length

    def test_holes_do_not_depend_on_the_size_of_blocks(self):
        data = bytes(1 << 20) + os.urandom(64 << 10) + bytes(1 << 20)
        for step in (1000, GRAIN, base.BLOCK, len(data)):
            writer = Writer()
            sink = zeros.Sink(writer, holes=True)
            for offset in range(0, len(data), step):
                sink.write(offset, data[offset : offset + step])
            written = sum(n for what, _, n in writer.calls if what == 'data')
            self.assertLessEqual(written, 80 << 10)

    def test_into_a_store(self):
        store = memory.Memory()
        store.begin('run')
        data = b'x' + bytes(9000)
        with store.write('run/a', len(data)) as writer:
            zeros.Sink(writer, holes=store.can.holes).write(0, data)
            writer.commit()
        self.assertEqual(data, store.files['run/a'])
