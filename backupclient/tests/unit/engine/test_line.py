# SPDX-License-Identifier: Apache-2.0

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.engine import line
from backupclient.tests.unit import examples


def need(amount):
    return ((('gigabytes', amount),), (), ())


def amount_of(wanted):
    return wanted[0][0][1]


class LineTestCase(testtools.TestCase):
    def _line(self, *entries):
        made = line.Line()
        for order, (group, rank, amount) in enumerate(entries):
            made.add(line.Place(rank, order, group), need(amount))
        return made

    def _take(self, made, free):
        taken = []
        while group := made.next(lambda _, wants: amount_of(wants) <= free):
            taken.append(group)
        return taken

    def test_by_rank_and_order(self):
        made = self._line(('a', 4, 1), ('b', 1, 1), ('c', 4, 1), ('d', 2, 1))
        self.assertEqual([*'bdac'], self._take(made, 1))

    def test_skips_what_does_not_fit(self):
        made = self._line(('a', 1, 9), ('b', 1, 1), ('c', 1, 9), ('d', 2, 5))
        self.assertEqual(['b'], self._take(made, 1))
        # Nothing is tried again before there is more room.
        self.assertEqual([], self._take(made, 99))
        made.look_again()
        self.assertEqual(['d'], self._take(made, 5))
        made.look_again()
        self.assertEqual(['a', 'c'], self._take(made, 9))

    def test_added_where_there_is_no_room(self):
        made = self._line(('b', 1, 9))
        self.assertEqual([], self._take(made, 1))
        made.add(line.Place(1, -1, 'a'), need(9))
        self.assertEqual([], self._take(made, 9))
        made.look_again()
        self.assertEqual(['a', 'b'], self._take(made, 9))

    def test_change_of_priority(self):
        made = self._line(('a', 4, 1), ('b', 4, 1))
        made.add(line.Place(1, 1, 'b'), need(1))
        self.assertEqual(['b', 'a'], self._take(made, 1))

    def test_remove(self):
        made = self._line(('a', 4, 9), ('b', 4, 9), ('c', 4, 9))
        self.assertEqual([], self._take(made, 1))
        made.remove('a')
        self.assertNotIn('a', made)
        self.assertIn('b', made)
        made.look_again()
        self.assertEqual(['b', 'c'], self._take(made, 9))

    def test_first_whatever_fits(self):
        made = self._line(('a', 4, 9), ('b', 2, 7), ('c', 2, 9))
        self.assertEqual([], self._take(made, 1))
        self.assertEqual('b', made.first((2, 4)))
        self.assertEqual('a', made.first((4, 2)))
        self.assertEqual('c', made.first((4, 2)))
        self.assertEqual('', made.first((4, 2)))

    def test_only_one(self):
        made = self._line(('a', 4, 1), ('b', 4, 5))
        made.only = 'b'
        self.assertEqual([], self._take(made, 1))
        self.assertEqual('b', made.first((4,)))
        self.assertEqual('', made.first((4,)))
        made.only = ''
        self.assertEqual(['a'], self._take(made, 1))

    @examples.examples(100)
    @hypothesis.given(
        st.lists(
            st.tuples(
                st.integers(1, 3),
                st.integers(1, 4),
                st.booleans(),
                st.integers(0, 4),
            ),
            max_size=30,
        )
    )
    def test_like_a_sorted_list(self, steps):
        """Whatever comes and goes: the first that fits, in order."""
        made, known = line.Line(), {}
        for order, (rank, amount, goes, free) in enumerate(steps):
            place = line.Place(rank, order, f'g{order}')
            made.add(place, need(amount))
            known[place] = amount
            if goes:
                gone = sorted(known)[order % len(known)]
                made.remove(gone.group)
                del known[gone]
            made.look_again()
            fits = [p for p, wants in sorted(known.items()) if wants <= free]
            expected = fits[0] if fits else None
            found = made.next(
                lambda _, wants, free=free: amount_of(wants) <= free
            )
            self.assertEqual(expected.group if expected else '', found)
            known.pop(expected, None)
