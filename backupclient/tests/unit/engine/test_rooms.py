# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient.engine import rooms


def of(**amounts):
    return tuple(sorted(amounts.items()))


class RoomTestCase(testtools.TestCase):
    def _check(self, made, fits, takes, later=(), group='x'):
        self.assertEqual(fits, made.fits(group, takes, later))

    def test_as_much_as_is_free(self):
        made = rooms.Room({'gigabytes': 10})
        self._check(made, True, of(gigabytes=10))
        self._check(made, False, of(gigabytes=11))
        # What is not known has no limit.
        self._check(made, True, of(volumes=99))
        made.take('a', of(gigabytes=7), ())
        self._check(made, False, of(gigabytes=4))
        self.assertEqual({'gigabytes': 7}, dict(made.used()))

    def test_any_of_the_quotas(self):
        made = rooms.Room({'gigabytes': 10, 'volumes': 1})
        made.take('a', of(gigabytes=1, volumes=1), ())
        self._check(made, False, of(gigabytes=1, volumes=1))
        self._check(made, True, of(gigabytes=9))

    def test_given_back(self):
        made = rooms.Room({'gigabytes': 10, 'backups': 1})
        made.take('a', of(backups=1, gigabytes=7), ())
        self.assertTrue(made.give_back('a', of(backups=1)))
        self._check(made, True, of(gigabytes=10))
        self._check(made, False, of(backups=1))
        self.assertFalse(made.give_back('b'))

    def test_largest_need_is_reserved(self):
        made = rooms.Room({'gigabytes': 20})
        made.take('a', of(gigabytes=2), of(gigabytes=5))
        made.take('b', of(gigabytes=2), of(gigabytes=9))
        # 4 are held, and 9 reserved for the one that needs most.
        self._check(made, True, of(gigabytes=7))
        self._check(made, False, of(gigabytes=8))
        # It may have what is reserved for it; but not for the other one.
        self._check(made, True, of(gigabytes=9), group='b')
        self._check(made, True, of(gigabytes=7), group='a')
        self._check(made, False, of(gigabytes=8), group='a')
        made.take('b', of(gigabytes=9), ())
        self._check(made, True, of(gigabytes=2))
        self._check(made, False, of(gigabytes=3))
        made.give_back('b')
        self._check(made, False, of(gigabytes=14))

    def test_need_of_a_new_one_is_reserved(self):
        """What cannot go on later does not begin."""
        made = rooms.Room({'gigabytes': 10})
        self._check(made, True, of(gigabytes=5), of(gigabytes=5))
        self._check(made, False, of(gigabytes=5), of(gigabytes=6))

    def test_of_an_earlier_process(self):
        """The cloud counts it as used; it is free when it is given back."""
        made = rooms.Room({'gigabytes': 3})
        made.adopt('a', of(gigabytes=7))
        self._check(made, False, of(gigabytes=4))
        made.give_back('a')
        self._check(made, True, of(gigabytes=10))
