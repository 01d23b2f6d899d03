# SPDX-License-Identifier: Apache-2.0

import datetime

import testtools

from backupclient.model import stamps

WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class StampsTestCase(testtools.TestCase):
    def test_all_forms(self):
        for text in (
            '2026-01-02T03:04:05',
            '2026-01-02T03:04:05.000000',
            '2026-01-02T03:04:05Z',
            '2026-01-02T03:04:05+00:00',
            '2026-01-02T05:04:05+02:00',
        ):
            self.assertEqual(WHEN, stamps.read(text), text)

    def test_none(self):
        for text in ('', 'yesterday', '2026-13-01T00:00:00', 'None'):
            self.assertIsNone(stamps.read(text), text)
