# SPDX-License-Identifier: Apache-2.0

import dataclasses
import datetime

import testtools

from backupclient.model import leases
from backupclient.model import leftover
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner.backup import leftovers
from backupclient.tests.unit.planner import samples

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
RUN, OTHER = samples.RUN_ID, '20250101T000000Z-wxyz'
SOURCE = samples.volume('data').resource
NAME = tags.name(RUN, SOURCE)
ARTIFACT, TEMPORARY = (
    tags.metadata(RUN, SOURCE, role)
    for role in (tags.Role.ARTIFACT, tags.Role.TEMPORARY)
)
LEASE = leases.metadata(RUN, 'alpha', ())


def _snapshot(**fields):
    return resources.Snapshot(
        'snapshot-id', NAME, 'available', SOURCE.id, 10, **fields
    )


class LeftoversTestCase(testtools.TestCase):
    def _find(self, *records, **fields):
        inventory = samples.inventory(*records, **fields)
        return leftovers.find(inventory, NOW)

    def _one(self, *records, **fields):
        found = self._find(*records, **fields)
        self.assertEqual(1, len(found), found)
        return found[0]

    def test_nothing(self):
        self.assertEqual((), self._find())

    def test_volume(self):
        one = samples.volume(
            NAME, metadata=TEMPORARY, created_at='2026-01-02T02:04:05.000000'
        )
        self.assertEqual(
            leftover.Leftover(
                leftover.LeftoverKind.VOLUME,
                NAME,
                one.id,
                RUN,
                datetime.timedelta(hours=1),
                10 << 30,
            ),
            self._one(one),
        )

    def test_snapshot(self):
        one = _snapshot(
            metadata=TEMPORARY, created_at='2026-01-01T03:04:05.000000'
        )
        found = self._one(snapshots=(one,))
        self.assertIs(leftover.LeftoverKind.SNAPSHOT, found.kind)
        self.assertEqual((one.id, RUN), (found.id, found.run))
        self.assertEqual(datetime.timedelta(days=1), found.age)
        self.assertEqual(10 << 30, found.size)

    def test_image(self):
        one = samples.image(
            NAME, properties=TEMPORARY, created_at='2026-01-02T03:04:00Z'
        )
        found = self._one(one)
        self.assertIs(leftover.LeftoverKind.IMAGE, found.kind)
        self.assertEqual(datetime.timedelta(seconds=5), found.age)
        self.assertEqual(1000, found.size)

    def test_image_that_has_no_tags_yet(self):
        one = samples.image(NAME, status='queued', size=None)
        found = self._one(one)
        self.assertEqual(
            (leftover.LeftoverKind.IMAGE, RUN, None),
            (found.kind, found.run, found.size),
        )

    def test_image_with_tags_that_came_from_its_source(self):
        """Cinder copies those of the image that a volume was made of.

        Until the run writes its own, they tell of the run that was restored.
        """
        for role in tags.Role:
            inherited = tags.metadata(OTHER, SOURCE, role)
            one = samples.image(NAME, status='saving', properties=inherited)
            found = self._one(one)
            self.assertEqual(
                (leftover.LeftoverKind.IMAGE, RUN),
                (found.kind, found.run),
                role,
            )

    def test_image_of_the_tenant_with_tags_of_its_source(self):
        for role in tags.Role:
            inherited = tags.metadata(RUN, SOURCE, role)
            inherited |= {tags.IMAGE: 'the source'}
            one = samples.image('mine', properties=inherited)
            self.assertEqual((), self._find(one), role)

    def test_image_of_a_restored_server(self):
        """Nova copies the tags of the image that the server was built from.

        Of a server that is shelved, it is the only disk.
        """
        inherited = tags.metadata(RUN, SOURCE, tags.Role.TEMPORARY)
        for name in ('web-shelved', 'mine', '', tags.name(OTHER, SOURCE)):
            one = samples.image(name, properties=inherited)
            found = self._find(one)
            # A name of another run tells of that run.
            self.assertEqual({OTHER} & {name[13:34]}, {f.run for f in found})

    def test_lease(self):
        one = samples.image(
            leases.name(RUN), status='queued', size=None, properties=LEASE
        )
        found = self._one(one)
        self.assertEqual(
            (leftover.LeftoverKind.LEASE, RUN), (found.kind, found.run)
        )

    def test_backup_that_failed(self):
        volume = samples.volume('data')
        found = self._one(
            volume, samples.backup(volume, 'error', metadata=ARTIFACT)
        )
        self.assertEqual(
            (leftover.LeftoverKind.BACKUP, RUN), (found.kind, found.run)
        )

    def test_artifacts_stay(self):
        volume = samples.volume('data')
        for status in ('available', 'creating', 'restoring', 'deleting'):
            backup = samples.backup(volume, status, metadata=ARTIFACT)
            self.assertEqual((), self._find(volume, backup), status)
        for name in (NAME, 'nightly-data', ''):
            for status in ('active', 'saving', 'deactivated'):
                image = samples.image(name, status, properties=ARTIFACT)
                self.assertEqual((), self._find(image), (name, status))
        # There are none of these, but who knows what is to come.
        self.assertEqual(
            (),
            self._find(
                samples.volume(NAME, metadata=ARTIFACT),
                snapshots=(_snapshot(metadata=ARTIFACT),),
            ),
        )

    def test_what_is_not_ours_stays(self):
        """A name alone says nothing of what takes tags at once."""
        for metadata in (
            {},
            {'a': 'b'},
            {tags.ROLE: 'temporary'},
            {tags.RUN: RUN},
            {**TEMPORARY, tags.RUN: ''},
            {**TEMPORARY, tags.RUN: 'nightly'},
            {**TEMPORARY, tags.RUN: f'{RUN}-2'},
            {**TEMPORARY, tags.ROLE: 'Temporary'},
            {**TEMPORARY, tags.ROLE: ''},
            {**TEMPORARY, tags.ROLE: 'lease'},
        ):
            volume = samples.volume(NAME, metadata=metadata)
            found = self._find(
                volume, snapshots=(_snapshot(metadata=metadata),)
            )
            self.assertEqual((), found, metadata)
        backup = samples.backup(volume, 'error', name=NAME)
        self.assertEqual((), self._find(backup))

    def test_images_of_ours_by_no_sign(self):
        for name, properties in (
            ('golden', {}),
            ('golden', {tags.ROLE: 'temporary'}),
            ('golden', {**TEMPORARY, tags.RUN: 'nightly'}),
            (leases.name(RUN), {}),
            (f'{NAME} of alice', {}),
            (f'backupclient-{RUN}', {}),
            (NAME, {tags.RUN: RUN}),
        ):
            image = samples.image(name, properties=properties)
            self.assertEqual((), self._find(image), (name, properties))

    def test_of_other_projects(self):
        for name, properties in (
            (NAME, {}),
            (NAME, TEMPORARY),
            (leases.name(RUN), LEASE),
        ):
            image = samples.image(
                name, properties=properties, owner='another-project'
            )
            self.assertEqual((), self._find(image), name)

    def test_order(self):
        volume = samples.volume(NAME, metadata=TEMPORARY)
        found = self._find(
            samples.image(leases.name(RUN), properties=LEASE),
            samples.backup(volume, 'error', metadata=ARTIFACT),
            volume,
            samples.image(NAME, properties=TEMPORARY),
            snapshots=(_snapshot(metadata=TEMPORARY),),
        )
        self.assertEqual(
            ['image', 'volume', 'snapshot', 'backup', 'lease'],
            [one.kind.value for one in found],
        )

    def test_age(self):
        """It is never below nothing, nor anything but a time."""
        for created_at in (
            '',
            'yesterday',
            '2026-01-02T03:04:05Z',
            '2030-01-01T00:00:00Z',
        ):
            one = samples.volume(
                NAME, metadata=TEMPORARY, created_at=created_at
            )
            found = self._one(one)
            self.assertEqual(datetime.timedelta(), found.age, created_at)

    def test_empty(self):
        image = samples.image(NAME, properties=TEMPORARY, size=0)
        self.assertIsNone(self._one(image).size)

    def test_label(self):
        found = self._one(
            dataclasses.replace(
                samples.volume('', id='an-id'), metadata=TEMPORARY
            )
        )
        self.assertEqual('volume "" (an-id)', found.label)
