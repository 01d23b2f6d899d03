# SPDX-License-Identifier: Apache-2.0
"""What the functional tests try of all faults, over the real requests.

The requests are those that each procedure made on a real cloud: see
``functional/faults/recorded.py``.
"""

from collections import Counter
from collections import defaultdict

import fixtures
import testtools

from backupclient.tests.functional import cases
from backupclient.tests.functional import restore_cases
from backupclient.tests.functional.faults import fault
from backupclient.tests.functional.faults import pairs
from backupclient.tests.functional.faults import recorded

CASES = {each.__name__ for each in (*cases.ALL, *restore_cases.ALL)}
# Of all cases together: what CI has time for, each a part of a run.
MOST_PAIRS = 200


def others(chosen):
    return [(at, one) for at, one in chosen if not one.kills]


def killed(chosen):
    return {(at, one.name) for at, one in chosen if one.kills}


class TestChoice(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.recorded = {case: recorded.read(case) for case in CASES}

    def choose(self, case, which=None):
        self.useFixture(fixtures.EnvironmentVariable('FAULTS', which))
        return pairs.chosen(*self.recorded[case])

    def own(self, case):
        """The kinds of what a case does, and its cheaper one does not."""
        seen, common = self.recorded[case]
        known = {each.request.kind for each in common}
        return {each.request.kind for each in seen} - known

    def test_each_case_is_recorded(self):
        self.assertEqual(sorted(CASES), recorded.cases())
        for case, (seen, _) in self.recorded.items():
            # Secrets and images are only read: nothing is made for that.
            self.assertEqual(
                case not in ('ImageDownload', 'SecretDownload'),
                any(each.request.changes for each in seen),
                case,
            )

    def test_each_request_of_its_own_fails(self):
        for case in CASES:
            kinds = {at.kind for at, _ in others(self.choose(case))}
            self.assertEqual(set(), self.own(case) - kinds, case)

    def test_a_kill_at_each_change(self):
        """A client that dies after a POST does not know what it made."""
        sides = Counter()
        for case in CASES:
            chosen = self.choose(case)
            kills = killed(chosen)
            for at in {at for at, _ in chosen}:
                found = [name for killed_at, name in kills if killed_at == at]
                wanted = at.changes or at.brings_data
                self.assertEqual(int(wanted), len(found), f'{at}')
                self.assertEqual(at.sends_data, found == ['killed in upload'])
                if (wanted and at.method == 'POST') or at.brings_data:
                    self.assertEqual(['killed after'], found, f'{at}')
                elif at.method in ('DELETE', 'PATCH'):
                    sides.update(found)
        self.assertEqual({'killed before', 'killed after'}, {*sides})

    def test_nothing_is_left_to_nobody(self):
        """What a case leaves to a cheaper one, some other case has."""
        tried = defaultdict(set)
        for case in CASES:
            for at, one in self.choose(case):
                tried[at.kind].add('kill' if one.kills else 'fault')
        for case, (seen, _) in self.recorded.items():
            for each in seen:
                found = tried[each.request.kind]
                self.assertIn('fault', found, f'{case}: {each.request}')
                if each.request.changes:
                    self.assertIn('kill', found, f'{case}: {each.request}')

    def test_each_fault_is_used(self):
        used = Counter(
            one.name for case in CASES for _, one in self.choose(case)
        )
        self.assertEqual({one.name for one in fault.ALL}, used.keys())

    def test_few_enough(self):
        total = sum(len(self.choose(case)) for case in CASES)
        self.assertGreater(MOST_PAIRS, total)
        for case in CASES:
            # One run goes through many: it is begun for few.
            chosen = self.choose(case)
            trips = pairs.trips(chosen)
            alone = sum(len(trip) == 1 for trip in trips)
            self.assertGreater(8, alone, case)
            self.assertGreater(10, len(trips), case)

    def test_all_of_them_when_asked_for(self):
        for case, (seen, _) in self.recorded.items():
            chosen = self.choose(case, 'all')
            self.assertEqual(len(chosen), len(set(chosen)), case)
            self.assertEqual(
                {
                    (each.request, one)
                    for each in seen
                    for one in fault.ALL
                    if one.fits(each)
                },
                set(chosen),
                case,
            )
            self.assertLessEqual(set(self.choose(case)), set(chosen))
