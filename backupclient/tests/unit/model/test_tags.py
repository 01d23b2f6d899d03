# SPDX-License-Identifier: Apache-2.0

import datetime

import testtools

from backupclient.model import resources
from backupclient.model import tags

RUN, OTHER = '20260102T030405Z-abcd', '20260102T030405Z-wxyz'
ID = '11111111-2222-3333-4444-555555555555'

NAMES = tuple(
    tags.name(RUN, resources.Resource(kind, 'data', ID))
    for kind in resources.Kind
)
NOT_NAMES = (
    '',
    'backupclient',
    f'backupclient-{RUN}',
    f'backupclient-{RUN}-lease',
    f'backupclient-{RUN}-volume',
    f'backupclient-{RUN}-volume-',
    f'backupclient-{RUN}-VOLUME-{ID}',
    f'backupclient-{RUN}-network-{ID}',
    f'backupclient-{RUN}-volume-{ID}\n',
    f'backupclient-{RUN}-volume-{ID} of alice',
    f'backupclient-{RUN.lower()}-volume-{ID}',
    f'backupclient-2026-volume-{ID}',
    f'copy of backupclient-{RUN}-volume-{ID}',
    f'volume-{ID}',
)


class NamesTestCase(testtools.TestCase):
    def test_is_name(self):
        for name in NAMES:
            self.assertTrue(tags.is_name(name), name)
        for name in NOT_NAMES:
            self.assertFalse(tags.is_name(name), name)

    def test_run_of_a_name(self):
        for name in NAMES:
            self.assertEqual(RUN, tags.run_of(name, {}), name)
        for name in NOT_NAMES:
            self.assertEqual('', tags.run_of(name, {'a': 'b'}), name)

    def test_run_of_tags(self):
        for name in ('', 'nightly-data', *NAMES):
            self.assertEqual(OTHER, tags.run_of(name, {tags.RUN: OTHER}))

    def test_made_by_us(self):
        for name in NAMES:
            self.assertTrue(tags.made_by_us(name, {}), name)
        for name in NOT_NAMES:
            self.assertFalse(tags.made_by_us(name, {}), name)
            self.assertTrue(tags.made_by_us(name, {tags.RUN: RUN}))

    def test_made_by(self):
        for name in NAMES:
            self.assertTrue(tags.made_by(RUN, name, {}), name)
            self.assertFalse(tags.made_by(OTHER, name, {}), name)
        for name in ('', 'nightly-data', *NOT_NAMES):
            self.assertFalse(tags.made_by(RUN, name, {}), name)
            self.assertTrue(tags.made_by(RUN, name, {tags.RUN: RUN}), name)
            self.assertFalse(tags.made_by(OTHER, name, {tags.RUN: RUN}), name)

    def test_made_by_nobody_in_particular(self):
        """No value means "any run": that would delete what others made."""
        for run in ('', 'any', '*', f'{RUN}\n'):
            for metadata in ({}, {tags.RUN: RUN}, {tags.RUN: run}):
                self.assertRaises(
                    ValueError, tags.made_by, run, NAMES[0], metadata
                )

    def test_run_ids(self):
        now = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
        self.assertTrue(tags.is_run_id(tags.new_run_id(now)))
        self.assertTrue(tags.new_run_id(now).startswith('20260102T030405Z-'))
        for text in (
            '',
            'last',
            RUN + 'e',
            f' {RUN}',
            f'{RUN}\n',
            f'../{RUN}',
        ):
            self.assertFalse(tags.is_run_id(text), text)
