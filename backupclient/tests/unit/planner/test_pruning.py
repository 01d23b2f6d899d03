# SPDX-License-Identifier: Apache-2.0
"""What is kept in a store: sets, each with several resources."""

import dataclasses
import datetime

import testtools

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import verification
from backupclient.planner import backed_up
from backupclient.planner import pruning
from backupclient.planner import retention
from backupclient.tests.unit.sets import samples

NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
PLACE = '/srv/backups'
ONE = retention.Rules(last=1)


def run_of(day):
    return f'202611{day:02}T010000Z-aaaa'


def captured(day):
    return f'2026-11-{day:02}T01:30:00+00:00'


def volume(day, sample=samples.ARCHIVE, **changes):
    """The entry of a volume that was captured on a day of November."""
    changes.setdefault('captured_at', captured(day))
    return samples.volume_entry(sample, **changes)


def set_of(day, *entries, **fields):
    """The set of a day, with a volume in it if nothing else is said."""
    identity = fields.pop('identity', samples.IDENTITY)
    manifest = samples.manifest(
        *(entries or (volume(day),)),
        run=run_of(day),
        created_at=f'2026-11-{day:02}T01:00:00+00:00',
        identity=identity,
    )
    return pruning.Set(run_of(day), manifest, **fields)


def standing(entry, **fields):
    resource = entry.resource
    return {
        (resource.kind.value, resource.id): verification.Standing(**fields)
    }


def all_of(sets):
    """Everything that some sets have is selected."""
    return frozenset(
        (one.manifest.identity.project, key)
        for one in sets
        if one.manifest
        for key in backed_up.history([one.manifest])
    )


class TestCase(testtools.TestCase):
    def decide(self, sets, rules=ONE, wanted=None):
        return pruning.of_store(
            sets,
            PLACE,
            rules,
            all_of(sets) if wanted is None else wanted,
            NOW,
        )

    def actions(self, sets, **options):
        """By run and name, what is done."""
        return {
            (row.run, row.name): row.action.value
            for row in self.decide(sets, **options)
        }

    def going(self, sets, **options):
        """The days whose sets go."""
        rows = self.decide(sets, **options)
        kept = {row.run for row in rows if not row.goes}
        gone = {row.run for row in rows if row.goes}
        # A set goes or stays as a whole.
        self.assertEqual(set(), kept & gone)
        return sorted(int(run[6:8]) for run in gone)


class StoreTestCase(TestCase):
    def test_rows(self):
        newer, older = self.decide([set_of(1), set_of(2)])
        self.assertEqual(
            (
                run_of(2),
                '2026-11-02T01:30:00+00:00',
                'volume',
                'archive',
                samples.ARCHIVE.id,
                PLACE,
                samples.ARCHIVE.size,
                'keep',
                ('--keep-last 1', retention.NEWEST),
                '',
            ),
            dataclasses.astuple(newer),
        )
        self.assertEqual(
            (run_of(1), 'delete', ()),
            (older.run, older.action.value, older.reasons),
        )

    def test_each_resource_on_its_own(self):
        """The web's last backup is old, and stays."""
        web = samples.ROOT
        sets = [
            set_of(1, volume(1, web)),
            set_of(2, volume(2, web), volume(2)),
            set_of(3, volume(3)),
            set_of(4, volume(4)),
        ]
        self.assertEqual([1, 3], self.going(sets))

    def test_a_set_goes_when_nothing_in_it_is_kept(self):
        web = samples.ROOT
        sets = [set_of(1, volume(1, web), volume(1)), set_of(2, volume(2))]
        self.assertEqual([], self.going(sets))
        rows = {(row.run, row.name): row for row in self.decide(sets)}
        self.assertEqual((pruning.IN_SET,), rows[run_of(1), 'archive'].reasons)

    def test_what_is_not_complete_counts_for_nothing(self):
        broken = {'state': results.State.FAILED, 'file': None}
        sets = [
            set_of(1),
            set_of(2, volume(2, **broken), volume(2, samples.ROOT)),
            set_of(3, volume(3, **broken), volume(3, samples.ROOT)),
        ]
        self.assertEqual([2], self.going(sets))
        # There is no row where there is no backup.
        self.assertNotIn((run_of(2), 'archive'), self.actions(sets))

    def test_damaged_ones_are_not_counted(self):
        newest = volume(3)
        sets = [
            set_of(1),
            set_of(2),
            set_of(3, newest, standings=standing(newest, damaged=True)),
        ]
        self.assertEqual([1, 3], self.going(sets))

    def test_verified_ones(self):
        old, files_only = volume(1), volume(2)
        at = '2026-11-20T00:00:00+00:00'
        sets = [
            set_of(
                1,
                old,
                standings=standing(old, proved={verification.Depth.DATA: at}),
            ),
            set_of(
                2,
                files_only,
                standings=standing(
                    files_only, proved={verification.Depth.FILES: at}
                ),
            ),
            set_of(3),
        ]
        rules = retention.Rules(verified=1)
        self.assertEqual([2], self.going(sets, rules=rules))

    def test_what_is_not_selected_stays(self):
        sets = [set_of(1), set_of(2)]
        self.assertEqual([], self.going(sets, wanted=frozenset()))
        self.assertEqual(
            {(pruning.NOT_SELECTED,)},
            {row.reasons for row in self.decide(sets, wanted=frozenset())},
        )

    def test_of_two_projects(self):
        """The same ID in another project is another resource."""
        other = dataclasses.replace(samples.IDENTITY, project_id='p-2')
        region = dataclasses.replace(samples.IDENTITY, region='two')
        sets = [
            set_of(1),
            set_of(2, identity=other),
            set_of(3, identity=region),
            set_of(4),
        ]
        self.assertEqual([1], self.going(sets))

    def test_a_manifest_that_cannot_be_read(self):
        broken = pruning.Set(run_of(2), None, 'It is of version 9.')
        sets = [set_of(1), broken, set_of(3)]
        self.assertEqual([1], self.going(sets))
        row = self.decide(sets)[1]
        self.assertEqual(
            ('set', run_of(2), 'keep'),
            (row.kind, row.id, row.action.value),
        )
        self.assertEqual(
            ('It is of version 9.', pruning.UNUSABLE), row.reasons
        )

    def test_a_set_that_is_held(self):
        """It stays, and does not take the place of another one."""
        sets = [
            set_of(1),
            set_of(2),
            set_of(3, held='Run x is still going on.'),
        ]
        self.assertEqual([1], self.going(sets))

    def test_a_record_never_counts_in_the_place_of_a_file(self):
        """The newer sets have only the IDs of Cinder backups."""

        def recorded(day):
            artifact = copies.Artifact('backup', f'b-{day}', 'nightly')
            return volume(
                day,
                file=None,
                artifact=artifact,
                procedure=plans.Procedure.VOLUME_BACKUP,
            )

        sets = [
            set_of(1),
            set_of(2),
            set_of(3, recorded(3)),
            set_of(4, recorded(4)),
        ]
        self.assertEqual([1, 3], self.going(sets))

    def test_a_server_whose_data_are_in_volumes(self):
        def server(day):
            entry = samples.server_entry(
                samples.SERVER,
                procedure=plans.Procedure.NONE,
                covered_by='its volumes',
                file=None,
                captured_at='',
            )
            return set_of(day, entry, volume(day))

        rows = self.decide([server(1), server(2)])
        self.assertEqual(
            [None, samples.ARCHIVE.size] * 2, [row.size for row in rows]
        )
        self.assertEqual([1], self.going([server(1), server(2)]))

    def test_capture_times_count(self):
        """A later run may have begun its capture earlier."""
        sets = [
            set_of(1, volume(1, captured_at=captured(9))),
            set_of(2, volume(2, captured_at=captured(3))),
        ]
        self.assertEqual([2], self.going(sets))

    def test_without_a_capture_time(self):
        secrets = [
            samples.secret_entry(samples.SECRET, captured_at=text)
            for text in ('', 'yesterday')
        ]
        sets = [set_of(1, secrets[0]), set_of(2, secrets[1])]
        self.assertEqual([1], self.going(sets))
        self.assertEqual(
            '2026-11-02T01:00:00+00:00', self.decide(sets)[0].captured
        )

    def test_the_future(self):
        sets = [
            set_of(1),
            set_of(2),
            set_of(3, volume(3, captured_at='2027-01-01T00:00:00+00:00')),
        ]
        self.assertEqual([1], self.going(sets))

    def test_a_resource_that_is_listed_twice(self):
        sets = [set_of(1, volume(1), volume(1)), set_of(2)]
        self.assertEqual([1], self.going(sets))
