# SPDX-License-Identifier: Apache-2.0
"""What is kept in the cloud: artifacts, and the chains that they are in."""

import dataclasses

import hypothesis
from hypothesis import strategies as st
import testtools

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner import cloud_pruning
from backupclient.planner import pruning
from backupclient.planner import retention
from backupclient.tests.unit import examples
from backupclient.tests.unit.planner import test_pruning
from backupclient.tests.unit.sets import samples

NOW = test_pruning.NOW
ONE = retention.Rules(last=1)
VOLUME = samples.ARCHIVE
run_of, captured = test_pruning.run_of, test_pruning.captured


def backup(day, volume=VOLUME, **fields):
    """A Cinder backup that a run has made on a day of November."""
    found = resources.CinderBackup(
        id=f'b-{day}',
        name='nightly',
        status='available',
        volume_id=volume.id,
        size_gib=volume.size_gib,
        created_at=captured(day)[:19],
        data_at=captured(day)[:19],
        metadata=tags.metadata(
            run_of(day), volume.resource, tags.Role.ARTIFACT
        ),
    )
    return dataclasses.replace(found, **fields)


def step(day, **fields):
    return backup(day, incremental=True, **fields)


def set_of(day, *entries, **fields):
    """The manifest of a run that has left one Cinder backup."""
    return test_pruning.set_of(day, *(entries or (entry(day),)), **fields)


def entry(day, volume=VOLUME, **changes):
    return samples.volume_entry(
        volume,
        **{
            'procedure': plans.Procedure.VOLUME_BACKUP,
            'captured_at': captured(day),
            'file': None,
            'artifact': copies.Artifact('backup', f'b-{day}', 'nightly'),
        }
        | changes,
    )


class TestCase(testtools.TestCase):
    def decide(self, backups, sets=None, rules=ONE, wanted=None, **cloud):
        sets = sets or [set_of(int(one.id[2:])) for one in backups]
        return cloud_pruning.of_cloud(
            sets,
            cloud_pruning.Cloud(tuple(backups), **cloud),
            rules,
            test_pruning.all_of(sets) if wanted is None else wanted,
            NOW,
        )

    def going(self, backups, **options):
        """The IDs of the artifacts that go."""
        rows = self.decide(backups, **options)
        return sorted(row.artifact for row in rows if row.goes)

    def reasons(self, backups, **options):
        rows = self.decide(backups, **options)
        return {row.artifact: row.reasons for row in rows}


class CloudTestCase(TestCase):
    def test_full_backups(self):
        every = [backup(day) for day in (1, 2, 3)]
        self.assertEqual(['b-1', 'b-2'], self.going(every))

    def test_rows(self):
        (row,) = self.decide([backup(1)])
        self.assertEqual(
            (run_of(1), captured(1), 'volume', VOLUME.id, 'cloud', 'b-1'),
            (
                row.run,
                row.captured,
                row.kind,
                row.id,
                row.place,
                row.artifact,
            ),
        )

    def test_a_kept_incremental_one_keeps_its_chain(self):
        every = [backup(1), step(2), backup(3), step(4), step(5)]
        self.assertEqual(['b-1', 'b-2'], self.going(every))
        self.assertEqual(
            ('Backup b-5, which stays, needs it.',),
            self.reasons(every)['b-3'],
        )

    def test_the_end_of_a_chain(self):
        """What a rule keeps in the middle needs nothing that is newer."""
        # The 1st of November is a Sunday, the 2nd begins a week.
        every = [backup(1), step(2), step(3), backup(4), backup(9)]
        found = self.going(every, rules=retention.Rules(weekly=3))
        self.assertEqual(['b-2', 'b-3'], found)

    def test_somebody_elses_backup_keeps_the_chain_below(self):
        """Not made by this program, and never deleted; it builds on ours."""
        every = [backup(1), step(2, metadata={}), backup(3)]
        sets = [set_of(1), set_of(3)]
        self.assertEqual([], self.going(every, sets=sets))

    def test_data_times_make_the_chain(self):
        """A full backup of an old snapshot is no parent of later ones."""
        late = backup(3, metadata={}, data_at=captured(1)[:19])
        every = [backup(2), late, step(4)]
        sets = [set_of(2), set_of(4)]
        self.assertEqual([], self.going(every, sets=sets))
        self.assertEqual(
            ('Backup b-4, which stays, needs it.',),
            self.reasons(every, sets=sets)['b-2'],
        )

    def test_a_backup_without_a_time_keeps_everything_below(self):
        odd = step(3, created_at='', data_at='', metadata={})
        every = [backup(1), odd, backup(4)]
        # It is newer than all, for what is known: so b-4 is its parent.
        self.assertEqual(
            ['b-1'], self.going(every, sets=[set_of(1), set_of(4)])
        )

    def test_only_what_carries_the_tags_itself(self):
        for metadata in (
            {},
            tags.metadata(run_of(9), VOLUME.resource, tags.Role.ARTIFACT),
            tags.metadata(
                run_of(1), samples.ROOT.resource, tags.Role.ARTIFACT
            ),
            tags.metadata(run_of(1), VOLUME.resource, tags.Role.RESTORED),
        ):
            every = [backup(1, metadata=metadata), backup(2), backup(3)]
            self.assertEqual(['b-2'], self.going(every))
            (why,) = self.reasons(every)['b-1']
            self.assertIn(f'does not carry the tags of run {run_of(1)}', why)

    def test_what_is_gone_has_no_row(self):
        sets = [set_of(day) for day in (1, 2, 3)]
        rows = self.decide([backup(1), backup(2)], sets=sets)
        self.assertEqual(['b-2', 'b-1'], [row.artifact for row in rows])
        # It is not counted either: b-2 is the last one that is there.
        self.assertFalse(rows[0].goes)

    def test_a_failed_one_is_not_counted(self):
        every = [backup(1), backup(2), backup(3, status='error')]
        self.assertEqual(['b-1', 'b-3'], self.going(every))

    def test_one_that_is_being_restored(self):
        every = [backup(1, status='restoring'), backup(2), backup(3)]
        self.assertEqual(['b-2'], self.going(every))
        self.assertIn('"restoring"', str(self.reasons(every)['b-1']))

    def test_while_a_backup_is_being_made(self):
        """It may build on any of them: no status tells on which."""
        new = backup(4, status='creating', metadata={})
        every = [backup(1), backup(2), backup(3), new]
        sets = [set_of(day) for day in (1, 2, 3)]
        self.assertEqual([], self.going(every, sets=sets))
        other = backup(4, samples.ROOT, status='creating', metadata={})
        self.assertEqual(
            ['b-1', 'b-2'], self.going([*every[:3], other], sets=sets)
        )

    def test_a_run_that_is_alive(self):
        every = [backup(day) for day in (1, 2, 3)]
        alive = {run_of(1): 'Run 1 is alive.'}
        self.assertEqual(['b-2'], self.going(every, alive=alive))
        self.assertEqual(
            ('Run 1 is alive.',), self.reasons(every, alive=alive)['b-1']
        )

    def test_what_a_run_works_on(self):
        every = [backup(day) for day in (1, 2, 3)]
        claims = {f'volume/{VOLUME.id}': run_of(9)}
        self.assertEqual([], self.going(every, claims=claims))
        self.assertIn(run_of(9), str(self.reasons(every, claims=claims)))

    def test_images(self):
        def image(day):
            id_ = f'i-{day}'
            return resources.Image(
                id_,
                'nightly',
                'active',
                'p-1',
                properties=tags.metadata(
                    run_of(day), VOLUME.resource, tags.Role.ARTIFACT
                )
                | {tags.IMAGE: id_},
            )

        def of_image(day):
            artifact = copies.Artifact('image', f'i-{day}', 'nightly')
            return set_of(day, entry(day, artifact=artifact))

        sets = [of_image(1), set_of(2), of_image(3)]
        images = (image(1), image(3))
        self.assertEqual(
            ['b-2', 'i-1'], self.going([backup(2)], sets=sets, images=images)
        )
        # An image that has inherited its tags from another one is none.
        properties = images[0].properties | {tags.IMAGE: 'i-9'}
        copied = dataclasses.replace(images[0], properties=properties)
        self.assertEqual(
            ['b-2'],
            self.going([backup(2)], sets=sets, images=(copied, images[1])),
        )

    def test_files_are_elsewhere(self):
        """What the run brought into a target is none of the cloud's."""
        sets = [
            set_of(
                1,
                entry(
                    1,
                    artifact=None,
                    file=samples.file_record(f'volumes/{VOLUME.id}.raw'),
                ),
            ),
            set_of(2),
            set_of(3),
        ]
        self.assertEqual(
            ['b-2'], self.going([backup(2), backup(3)], sets=sets)
        )

    def test_a_kept_server_keeps_its_volumes(self):
        """Its newest backup is older than that of its volume."""
        volume = dataclasses.replace(
            VOLUME, id=samples.DATA.id, name='web data'
        )
        server = samples.server_entry(
            samples.SERVER,
            procedure=plans.Procedure.NONE,
            covered_by='its volumes',
            file=None,
        )
        sets = [
            set_of(1, server, entry(1, volume)),
            set_of(2, entry(2, volume)),
            set_of(3, entry(3, volume)),
        ]
        every = [backup(day, volume) for day in (1, 2, 3)]
        self.assertEqual(['b-2'], self.going(every, sets=sets))
        self.assertIn('web', str(self.reasons(every, sets=sets)['b-1']))

    def test_manifests_that_cannot_be_read(self):
        """What they cover stays: their artifacts are not looked at."""
        every = [backup(1), step(2), backup(3), backup(4)]
        broken = pruning.Set(run_of(2), None, 'It is of version 9.')
        sets = [set_of(1), broken, set_of(3), set_of(4)]
        self.assertEqual(['b-3'], self.going(every, sets=sets))

    def test_not_selected(self):
        every = [backup(day) for day in (1, 2)]
        self.assertEqual([], self.going(every, wanted=frozenset()))


days = st.integers(1, 25)
kinds = st.sampled_from(('full', 'step', 'foreign', 'foreign step', 'gone'))
chains = st.dictionaries(days, kinds, max_size=12)
rules = st.builds(
    retention.Rules,
    st.integers(0, 3),
    daily=st.integers(0, 3),
    weekly=st.integers(0, 3),
)


class PropertiesTestCase(TestCase):
    @examples.examples(500)
    @hypothesis.given(chains, rules)
    def test_no_parent_goes_before_its_child(self, chain, rules):
        """The parent as Cinder chooses it stays while its child does."""
        backups = [
            backup(
                day,
                incremental='step' in kind,
                **({'metadata': {}} if 'foreign' in kind else {}),
            )
            for day, kind in sorted(chain.items())
            if kind != 'gone'
        ]
        sets = [
            set_of(day)
            for day, kind in sorted(chain.items())
            if 'foreign' not in kind
        ]
        going = set(self.going(backups, sets=sets or [set_of(1)], rules=rules))
        for number, one in enumerate(backups):
            if one.incremental and one.id not in going and number:
                self.assertNotIn(backups[number - 1].id, going)
        ours = [one for one in backups if one.metadata]
        if ours:
            self.assertNotIn(ours[-1].id, going)
        self.assertLessEqual(going, {one.id for one in ours})
