# SPDX-License-Identifier: Apache-2.0
"""What dead runs have left in a target."""

import datetime
import os
import time

import fixtures

from backupclient.model import layout
from backupclient.model import leases
from backupclient.sets import catalogue
from backupclient.sets import deletion
from backupclient.store import localfolder
from backupclient.tests.unit.osc import base
from backupclient.tests.unit.sets import samples

RUN = samples.RUN
PARTIAL = RUN + layout.PARTIAL
DAY = 24 * 3600


class TargetTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.target.mkdir()
        self.store = localfolder.Folder(self.target)
        self.set = samples.filled(self.store)

    def cleanup(self, *words, code=0):
        return self.rows('cleanup', '--from', self.target, *words, code=code)

    def age(self, seconds, place=PARTIAL):
        """Let everything in a set be so old."""
        then = time.time() - seconds
        for path in (self.target / place).rglob('*'):
            os.utime(path, (then, then), follow_symlinks=False)

    def left(self):
        return sorted(path.name for path in self.target.iterdir())

    def lease(self, **age):
        seen = self.fake.world.now() - datetime.timedelta(**age)
        return self.fake.glance.add_image(
            leases.name(RUN),
            updated_at=seen.isoformat(),
            **leases.metadata(RUN, 'elsewhere', ()),
        )

    def test_nothing_was_written_for_a_day(self):
        self.age(DAY + 60)
        (row,) = self.cleanup('--dry-run')
        self.assertEqual(
            ('set', PARTIAL, RUN, 'delete'),
            (row['Kind'], row['Name'], row['Run'], row['Action']),
        )
        self.assertEqual([PARTIAL], self.left())
        (row,) = self.cleanup('--yes')
        self.assertEqual('deleted', row['Action'])
        self.assertEqual([], self.left())
        self.assertEqual([], self.cleanup('--yes'))

    def test_something_was_written_today(self):
        self.age(DAY - 60)
        (row,) = self.cleanup('--yes')
        self.assertEqual('keep', row['Action'])
        self.assertIn('within a day', self.err.said)
        self.assertEqual([PARTIAL], self.left())

    def test_a_lease_tells(self):
        self.age(2 * DAY)
        self.lease(minutes=1)
        rows = self.cleanup('--yes')
        self.assertEqual({'keep'}, {row['Action'] for row in rows})
        self.assertEqual([PARTIAL], self.left())

    def test_the_lease_of_a_dead_run(self):
        self.lease(hours=1)
        rows = self.cleanup('--yes')
        self.assertEqual({'deleted'}, {row['Action'] for row in rows})
        self.assertEqual([], self.left())

    def test_files_of_others(self):
        (self.target / PARTIAL / 'volumes' / 'notes').write_text('mine')
        self.age(2 * DAY)
        (row,) = self.cleanup('--yes', code=3)
        self.assertEqual('failed', row['Action'])
        self.assertIn('volumes/notes', self.err.said)
        self.assertEqual([PARTIAL], self.left())
        self.assertTrue((self.target / PARTIAL / layout.MARKER).exists())

    def test_links_are_never_followed(self):
        outside = self.root / 'outside'
        outside.write_text('mine')
        (self.target / PARTIAL / 'volumes' / 'a.raw').symlink_to(outside)
        self.age(2 * DAY)
        self.cleanup('--yes', code=3)
        self.assertEqual('mine', outside.read_text())
        self.assertEqual([PARTIAL], self.left())

    def test_unfinished_files(self):
        """What a write has left goes with the set."""
        data = self.target / PARTIAL / 'volumes' / 'half.raw.part'
        data.write_bytes(b'half')
        self.age(2 * DAY)
        self.cleanup('--yes')
        self.assertEqual([], self.left())

    def test_a_finished_set_stays(self):
        self.set.close(samples.EVERYTHING, samples.PAGE)
        self.age(2 * DAY, RUN)
        self.assertEqual([], self.cleanup('--yes'))
        self.assertEqual([RUN], self.left())

    def test_a_finished_set_without_its_manifest_stays(self):
        """It looks like an unfinished one, and is named."""
        self.set.close(samples.EVERYTHING, samples.PAGE)
        (self.target / RUN / layout.MANIFEST).unlink()
        self.age(2 * DAY, RUN)
        before = sorted(self.target.rglob('*'))
        for words in (('--dry-run',), ('--yes',), ('--run', RUN, '--yes')):
            (row,) = self.cleanup(*words)
            self.assertEqual((RUN, 'keep'), (row['Name'], row['Action']))
            self.assertIn('Put a copy of the file back', self.err.said)
            self.assertEqual(before, sorted(self.target.rglob('*')))

    def test_a_manifest_that_was_put_back_meanwhile(self):
        self.set.close(samples.EVERYTHING, samples.PAGE)
        self.age(2 * DAY, RUN)
        with fixtures.MonkeyPatch(
            'backupclient.sets.catalogue.runs',
            lambda _: (
                catalogue.Found(RUN, catalogue.State.FINISHED, RUN, lost=True),
            ),
        ):
            self.assertEqual([], self.cleanup('--yes'))
        self.assertEqual([RUN], self.left())

    def test_a_deletion_that_was_interrupted(self):
        self.set.close(samples.EVERYTHING, samples.PAGE)
        other = samples.manifest(
            *samples.EVERYTHING.items, run='20260301T000000Z-zzzz'
        )
        samples.filled(self.store, other).close(other, samples.PAGE)

        def killed(*arguments):
            raise KeyboardInterrupt

        opened = catalogue.read(
            self.store,
            catalogue.Found(RUN, catalogue.State.FINISHED, RUN),
        )
        with fixtures.MonkeyPatch('backupclient.sets.deletion.finish', killed):
            self.assertRaises(
                KeyboardInterrupt, deletion.delete, self.store, opened
            )
        gone = RUN + layout.DELETING
        self.assertEqual([gone, other.run], sorted(self.left()))
        (row,) = self.cleanup('--yes')
        self.assertEqual((gone, 'deleted'), (row['Name'], row['Action']))
        self.assertEqual([other.run], self.left())

    def test_only_of_one_run(self):
        self.age(2 * DAY)
        self.assertEqual(
            [], self.cleanup('--run', '20260301T000000Z-zzzz', '--yes')
        )
        self.cleanup('--run', RUN, '--yes')
        self.assertEqual([], self.left())
