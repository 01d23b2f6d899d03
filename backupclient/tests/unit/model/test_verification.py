# SPDX-License-Identifier: Apache-2.0
"""What many verifications of one backup say together."""

import testtools

from backupclient.model import verification

D, R = verification.Depth, verification.Result


def rows(*found):
    """Rows of one backup, a day after the other."""
    return [
        (
            f'2026-01-{day:02}T00:00:00+00:00',
            verification.Row('r', 'volume', 'v', 'v-1', depth, result),
        )
        for day, (depth, result) in enumerate(found, 1)
    ]


def day(number):
    return f'2026-01-{number:02}T00:00:00+00:00'


class StandingTestCase(testtools.TestCase):
    def check(self, found, damaged, depth, at):
        standing = verification.standing(rows(*found))
        self.assertEqual(
            (damaged, depth, day(at) if at else ''),
            (standing.damaged, standing.depth, standing.at),
            found,
        )
        return standing

    def test_never(self):
        self.check([], False, D.NONE, 0)

    def test_newest_success(self):
        found = self.check(
            [(D.DATA, R.GOOD), (D.FILES, R.GOOD)], False, D.FILES, 2
        )
        self.assertEqual({D.FILES: day(2), D.DATA: day(1)}, dict(found.proved))

    def test_hashed(self):
        """Whatever that found."""
        for found, expected in (
            ([], ''),
            ([(D.FILES, R.GOOD), (D.FILES, R.MISSING)], ''),
            ([(D.DATA, R.GOOD), (D.FILES, R.GOOD)], day(1)),
            ([(D.DATA, R.GOOD), (D.DATA, R.DAMAGED)], day(2)),
            ([(D.DATA, R.DAMAGED), (D.KEYS, R.GOOD)], day(2)),
        ):
            standing = verification.standing(rows(*found))
            self.assertEqual(expected, standing.hashed_at, found)

    def test_unproved_proves_what_it_reached(self):
        self.check([(D.DATA, R.UNPROVED)], False, D.DATA, 1)
        self.check([(D.NONE, R.UNPROVED)], False, D.NONE, 0)

    def test_restore_that_was_not_compared(self):
        """It is back; whether the bytes are right, nobody knows yet."""
        self.check([(D.RESTORE, R.UNPROVED)], False, D.FILES, 1)
        self.check(
            [(D.RESTORE, R.DAMAGED), (D.RESTORE, R.UNPROVED)], True, D.FILES, 2
        )
        self.check(
            [(D.RESTORE, R.UNPROVED), (D.RESTORE, R.GOOD)], False, D.RESTORE, 2
        )

    def test_damage_stays_until_it_is_looked_for_again(self):
        damage = (D.DATA, R.DAMAGED)
        self.check([(D.DATA, R.GOOD), damage], True, D.DATA, 1)
        self.check([damage, (D.FILES, R.GOOD)], True, D.FILES, 2)
        self.check([damage, (D.DATA, R.GOOD)], False, D.DATA, 2)
        self.check([damage, (D.KEYS, R.GOOD)], False, D.KEYS, 2)
        self.check(
            [(D.KEYS, R.DAMAGED), (D.FILES, R.MISSING), (D.DATA, R.GOOD)],
            True,
            D.DATA,
            3,
        )

    def test_damage_that_was_mended_counts_no_more(self):
        self.check(
            [
                (D.KEYS, R.DAMAGED),
                (D.KEYS, R.GOOD),
                (D.FILES, R.MISSING),
                (D.FILES, R.GOOD),
            ],
            False,
            D.FILES,
            4,
        )

    def test_a_run_is_one(self):
        self.assertRaises(
            ValueError, verification.Verification, '../x', '', D.DATA, ()
        )

    def test_what_ends_with_3(self):
        for result, provable, fails in (
            (R.GOOD, False, False),
            (R.UNPROVED, False, False),
            (R.UNPROVED, True, True),
            (R.MISSING, False, True),
            (R.DAMAGED, False, True),
        ):
            row = verification.Row(
                'r', 'volume', 'v', 'v', D.DATA, result, provable=provable
            )
            self.assertEqual(fails, row.fails)
