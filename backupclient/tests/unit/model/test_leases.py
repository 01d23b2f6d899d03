# SPDX-License-Identifier: Apache-2.0

import datetime

import testtools

from backupclient.model import leases
from backupclient.model import tags

RUN = '20260102T030405Z-abcd'
SEEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class LeaseTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.lease = leases.Lease('i', RUN, 'alpha', SEEN)

    def _after(self, **time):
        return SEEN + datetime.timedelta(**time)

    def test_alive(self):
        """Beats can be missed, and clocks of one cloud can differ."""
        for now in (
            SEEN,
            self._after(seconds=-30),
            self._after(minutes=14, seconds=59),
        ):
            self.assertTrue(self.lease.is_alive(now), now)
        for now in (self._after(minutes=15), self._after(days=3)):
            self.assertFalse(self.lease.is_alive(now), now)

    def test_seen(self):
        self.assertEqual(
            'on alpha, seen 61 s ago', self.lease.seen(self._after(seconds=61))
        )
        self.assertEqual(
            'on alpha, seen 0 s ago', self.lease.seen(self._after(seconds=-9))
        )
        nameless = leases.Lease('i', RUN, '', SEEN)
        self.assertIn('on an unknown host', nameless.seen(SEEN))

    def test_name_is_none_of_a_copy(self):
        self.assertFalse(tags.is_name(leases.name(RUN)))

    def test_metadata(self):
        written = leases.metadata(RUN, 'alpha', {'volume/b', 'server/a'})
        self.assertEqual(
            {
                'backupclient_run': RUN,
                'backupclient_role': 'lease',
                'backupclient_host': 'alpha',
                'backupclient_claims': 'server/a volume/b',
            },
            written,
        )
        self.assertLessEqual(leases.identity(RUN).items(), written.items())
