# SPDX-License-Identifier: Apache-2.0
"""What a plan says of the last backups in the place where it would write."""

import os

from backupclient.model import requests
from backupclient.operations import plan
from backupclient.operations import run
from backupclient.operations import verify
from backupclient.operations.listing import newest
from backupclient.store import targets
from backupclient.tests.unit.operations import base
from backupclient.tests.unit.store import repositories

NEVER = 'Last backup less than an hour ago, never verified.'
VERIFIED = 'Last backup less than an hour ago, verified less than an hour ago.'
DAMAGED = 'Last backup less than an hour ago, found damaged.'
FILES = verify.Settings(verify.Depth.FILES)


class TestCase(base.TestCase):
    """A project with one resource of each kind."""

    def setUp(self):
        super().setUp()
        self.addCleanup(targets.forget)
        self.fake.cinder.backup_service = 'up'
        self.fake.cinder.add_volume('data', base.DATA)
        self.fake.nova.add_server('web', base.DATA)
        self.fake.glance.add_image('golden', base.DATA)
        self.fake.barbican.add_secret('word', b'\x00payload')

    def back_up(self, target='', **options):
        options.setdefault('everything', True)
        asked = requests.Request(
            target=str(target), plaintext_keys=bool(target), **options
        )
        done = run.back_up(self.session, asked, self.reporter)
        self.assertEqual(0, done.report.exit_code, done.report)
        return done.report.run

    def notes(self, target='', **options):
        """The sentences by the names of the resources."""
        options.setdefault('everything', True)
        asked = requests.Request(target=str(target), **options)
        planned = plan.make(self.session, asked)
        said = plan.last_backups(self.session, planned)
        names = {one.resource.id: one.resource.name for one in planned.items}
        return {names[id_]: sentence for id_, sentence in said.items()}


class FolderTestCase(TestCase):
    def test_backups_in_the_cloud_are_not_in_the_target(self):
        self.back_up()
        self.assertEqual({'data': NEVER, 'web': NEVER}, self.notes())
        nothing = dict.fromkeys(
            ('data', 'web', 'golden', 'word'), newest.NONE_YET
        )
        self.assertEqual(nothing, self.notes(self.target))
        self.target.mkdir()
        self.assertEqual(nothing, self.notes(self.target))

    def test_kept_images_do_not_hide_the_files(self):
        """The set in the target is verified, its images in the cloud not."""
        self.back_up(self.target, keep_images=True)
        self.assertEqual(1, len(self.left_manifests()))
        verify.verify(str(self.target))
        self.assertEqual(
            dict.fromkeys(('data', 'web', 'golden', 'word'), VERIFIED),
            self.notes(self.target),
        )
        self.assertEqual({'data': NEVER, 'web': NEVER}, self.notes())

    def test_verified_in_the_cloud_is_not_in_the_target(self):
        self.back_up(self.target, keep_images=True)
        verify.verify('', settings=FILES, session=self.session)
        self.assertEqual(
            dict.fromkeys(('data', 'web', 'golden', 'word'), NEVER),
            self.notes(self.target),
        )
        self.assertEqual({'data': VERIFIED, 'web': VERIFIED}, self.notes())

    def test_damaged_in_the_target(self):
        """A newer backup in the cloud does not cover it up."""
        run_id = self.back_up(self.target)
        (file,) = (self.target / run_id / 'volumes').iterdir()
        os.truncate(file, 5)
        verify.verify(str(self.target))
        self.back_up()
        self.assertEqual(DAMAGED, self.notes(self.target)['data'])
        self.assertEqual(NEVER, self.notes()['data'])

    def test_set_that_records_cinder_backups(self):
        """The backup stays in the cloud; the set in the target counts."""
        method = requests.VolumeMethod.BACKUP
        self.back_up(self.target, volume_method=method)
        self.assertEqual(NEVER, self.notes(self.target)['data'])
        other = self.root / 'other'
        self.assertEqual(newest.NONE_YET, self.notes(other)['data'])

    def test_files_are_not_in_the_cloud(self):
        self.back_up(self.target)
        self.assertEqual(
            {'data': newest.NONE_YET, 'web': newest.NONE_YET}, self.notes()
        )

    def test_unreadable_set(self):
        """It may have a backup: nothing is said, whatever the cloud has."""
        run_id = self.back_up(self.target)
        self.back_up()
        os.truncate(self.target / run_id / 'manifest.json', 5)
        self.assertEqual({}, self.notes(self.target))


class ResticTestCase(TestCase):
    def test_cloud_and_repository(self):
        place = self.useFixture(repositories.Repository()).place
        target = f'restic:{place}'
        self.back_up()
        self.assertEqual(newest.NONE_YET, self.notes(target)['data'])
        self.back_up(target, keep_images=True)
        self.assertEqual(NEVER, self.notes(target)['data'])
        verify.verify(target, settings=FILES)
        self.assertEqual(VERIFIED, self.notes(target)['data'])
        self.assertEqual(VERIFIED, self.notes(target)['word'])
        self.assertEqual(NEVER, self.notes()['data'])
