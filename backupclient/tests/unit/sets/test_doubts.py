# SPDX-License-Identifier: Apache-2.0
"""What in a manifest no run has written."""

import dataclasses

import testtools

from backupclient.model import results
from backupclient.sets import doubts
from backupclient.tests.unit.sets import samples

ENTRY = samples.volume_entry(samples.ARCHIVE)
OTHER = samples.secret_entry(samples.SECRET)


def changed(**fields):
    return dataclasses.replace(ENTRY, **fields)


class TestCase(testtools.TestCase):
    def test_what_a_run_writes(self):
        found = doubts.check(samples.EVERYTHING)
        self.assertEqual(doubts.Checked(samples.EVERYTHING), found)

    def test_entries(self):
        """They count as failed, and the others of the manifest stay."""
        for entry, why in (
            (changed(size=-1), 'It cannot have -1 bytes.'),
            (changed(captured_at='soon'), "'soon' is no time."),
            (changed(captured_at='2026-02-30T00:00:00+00:00'), 'is no time.'),
            (changed(captured_at='2026-02-01T00:00:00'), 'has no zone.'),
            (changed(file=None), 'nothing is listed that holds it.'),
        ):
            found = doubts.check(samples.manifest(entry, OTHER))
            (said,) = found.doubts
            self.assertTrue(said.endswith(why), said)
            self.assertIn(entry.resource.label, said)
            first, second = found.manifest.items
            self.assertIs(results.State.FAILED, first.state)
            self.assertIn(why, first.reason)
            self.assertIn('was changed after it was written', first.reason)
            self.assertEqual(OTHER, second)

    def test_secret_without_a_payload(self):
        """The manifest has all that there was of it, and of no other."""
        entry = dataclasses.replace(
            OTHER,
            size=None,
            key=None,
            file=None,
            secret=dataclasses.replace(samples.SECRET, content_type=''),
        )
        self.assertEqual((), doubts.check(samples.manifest(entry)).doubts)
        with_one = dataclasses.replace(entry, secret=samples.SECRET)
        (said,) = doubts.check(samples.manifest(with_one)).doubts
        self.assertIn('nothing is listed that holds it', said)

    def test_listed_twice(self):
        """Nobody knows which of them is right."""
        twice = samples.manifest(ENTRY, changed(size=5), OTHER)
        found = doubts.check(twice)
        self.assertIn('more than once', found.doubts[0])
        self.assertEqual(
            [results.State.FAILED] * 2 + [results.State.COMPLETE],
            [each.state for each in found.manifest.items],
        )

    def test_what_had_failed_keeps_its_reason(self):
        failed = changed(
            state=results.State.FAILED, reason='No room.', file=None, size=-1
        )
        found = doubts.check(samples.manifest(failed))
        self.assertEqual('No room.', found.manifest.items[0].reason)
        self.assertEqual(1, len(found.doubts))

    def test_times_of_the_run(self):
        for name in ('created_at', 'finished_at'):
            for text in ('', 'now', '2026-02-01T00:00:00'):
                made = samples.manifest(ENTRY, **{name: text})
                found = doubts.check(made)
                self.assertEqual(made, found.manifest)
                (said,) = found.doubts
                self.assertTrue(said.startswith(f'{name}: '), said)
