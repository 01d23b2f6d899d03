# SPDX-License-Identifier: Apache-2.0

import dataclasses

import testtools

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit import quiet_reporter
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud

RUN, OTHER = '20260102T030405Z-abcd', '20260102T030405Z-wxyz'
SOURCE = resources.Resource(resources.Kind.VOLUME, 'data', 'elsewhere')
KINDS = ('volume', 'snapshot', 'backup', 'image')


class OwnerTestCase(testtools.TestCase):
    """Each deletion is for one run, and that has to be said."""

    def setUp(self):
        super().setUp()
        self.fake = self.useFixture(fake_cloud.FakeCloud())
        clock = fake_clock.FakeClock()
        self.cloud = door.connect(self.fake.connection(), clock)
        self.work = step.Work(
            cloud=self.cloud,
            clock=clock,
            waiter=waiting.Waiter(clock, 3600.0),
            reporter=quiet_reporter.Quiet(),
            run=RUN,
        )

    def _things(self, run):
        """Make one of each kind, and give its ID by its kind."""
        name = tags.name(run, SOURCE)
        marks = tags.metadata(run, SOURCE, tags.Role.TEMPORARY)
        volume = self.fake.cinder.add_volume(name, metadata=dict(marks))
        snapshot = self.fake.world.add(
            'snapshots',
            name,
            status='available',
            volume_id=SOURCE.id,
            size=1,
            metadata=dict(marks),
        )
        backup = self.fake.cinder.add_backup(
            {'id': SOURCE.id, 'size': 1}, name, metadata=dict(marks)
        )
        image = self.fake.glance.add_image(name, b'x', **marks)
        made = (volume, snapshot, backup, image)
        return {kind: one['id'] for kind, one in zip(KINDS, made, strict=True)}

    def test_own(self):
        for kind, id_ in self._things(RUN).items():
            getattr(removal.of(self.work), kind)(id_)
        self.assertEqual({}, self.fake.world.holdings())

    def test_of_another_run(self):
        things = self._things(OTHER)
        before = self.fake.world.holdings()
        for kind, id_ in things.items():
            error = self.assertRaises(
                errors.DocumentError, getattr(removal.of(self.work), kind), id_
            )
            self.assertIn(
                f'{kind} {id_} was not made by run {RUN}', str(error)
            )
        self.fake.world.settle()
        self.assertEqual(before, self.fake.world.holdings())
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_image_of_a_restored_server(self):
        """Its tags are those of the image that the server was built from."""
        marks = tags.metadata(RUN, SOURCE, tags.Role.TEMPORARY)
        image = self.fake.glance.add_image('web-shelved', b'x', **marks)
        self.assertRaises(
            errors.DocumentError, removal.of(self.work).image, image['id']
        )
        self.assertEqual([], self.fake.asked('DELETE'))

    def test_nobody_is_no_owner(self):
        for owner in ('', 'any', ' ', RUN.lower()):
            nobodys = dataclasses.replace(self.work, run=owner)
            self.assertRaises(ValueError, removal.of, nobodys)
            self.assertRaises(
                ValueError,
                removal.Remover,
                self.cloud,
                self.work.waiter,
                owner=owner,
            )
        self.assertRaises(
            TypeError, removal.Remover, self.cloud, self.work.waiter
        )
