# SPDX-License-Identifier: Apache-2.0

import dataclasses

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import results
from backupclient.tests.unit.planner import samples
from backupclient.tests.unit.planner.restore import base

VOLUME = samples.volume('data', type_name='ssd', size_gib=2)
BACKUP = samples.backup(VOLUME)
IMAGE = samples.image('kept', size=2 * base.GIB)


def in_cloud(kind, record, **fields):
    artifact = copies.Artifact(kind, record.id, 'nightly', **fields)
    return base.entry(VOLUME, artifact=artifact)


class TestCopies(base.TestCase):
    def test_file(self):
        one = base.entry(VOLUME)
        task = self.item(one).restore
        self.assertEqual(one.file, task.source.file)
        self.assertEqual(base.RUN, task.source.run)
        self.assertEqual(one.captured_at, task.source.captured_at)

    def test_file_goes_before_the_image_that_was_kept(self):
        one = dataclasses.replace(
            in_cloud('image', IMAGE), file=base.entry(VOLUME).file
        )
        task = self.item(one, origin=base.ELSEWHERE).restore
        self.assertEqual(one.file, task.source.file)
        self.assertIsNone(task.source.artifact)

    def test_without_a_target_only_the_cloud_counts(self):
        one = dataclasses.replace(
            in_cloud('image', IMAGE), file=base.entry(VOLUME).file
        )
        task = self.item(one, there=[IMAGE], source='').restore
        self.assertIsNone(task.source.file)
        self.assertEqual(one.artifact, task.source.artifact)
        item = self.item(base.entry(VOLUME), source='')
        self.refuses(item, '--from')

    def test_failed(self):
        one = base.entry(
            VOLUME, state=results.State.FAILED, reason='The disk was full.'
        )
        self.refuses(self.item(one), base.RUN, 'failed', 'The disk was full.')

    def test_neither_file_nor_artifact(self):
        self.refuses(self.item(base.entry(VOLUME, file=None)), 'no copy')

    def test_not_described(self):
        other = samples.volume('other')
        for found in (None, other):
            one = base.entry(VOLUME, volume=found)
            self.refuses(self.item(one), 'does not describe')

    def test_the_same_id_twice(self):
        made = self.plan(base.entry(VOLUME), base.entry(VOLUME))
        for item in made.items:
            self.refuses(item, VOLUME.id, 'more than once')

    def test_a_path_of_another_resource(self):
        for path in (
            'volumes/other.raw',
            f'images/{VOLUME.id}.raw',
            f'secrets/{VOLUME.id}.bin',
            f'volumes/{VOLUME.id}.sh',
        ):
            one = base.entry(VOLUME, file=base.file(path))
            self.refuses(self.item(one), path, 'changed')

    def test_notes_of_the_choice_come_first(self):
        item = self.item(base.entry(VOLUME), notes=('Of an older run.',))
        self.assertEqual('Of an older run.', item.notes[0])
        self.assertIn('Of an older run.', item.warnings)
        item = self.item(
            base.entry(VOLUME, file=None), notes=('Of an older run.',)
        )
        self.assertEqual(('Of an older run.',), item.notes)


class TestArtifacts(base.TestCase):
    def test_backup(self):
        item = self.item(in_cloud('backup', BACKUP), there=[BACKUP])
        self.accepts(item, plans.Procedure.VOLUME_FROM_BACKUP)
        self.assertEqual(BACKUP.id, item.restore.source.artifact.id)

    def test_image(self):
        item = self.item(in_cloud('image', IMAGE), there=[IMAGE])
        self.accepts(item, plans.Procedure.VOLUME_FROM_IMAGE)
        self.assertEqual(IMAGE.size, item.restore.new.bytes)

    def test_another_project(self):
        for kind, record in (('backup', BACKUP), ('image', IMAGE)):
            for changes in (
                {'project_id': 'other', 'project_name': 'bob'},
                {'region': 'RegionTwo'},
                {'auth_url': 'https://elsewhere'},
            ):
                origin = dataclasses.replace(base.HOME, **changes)
                item = self.item(
                    in_cloud(kind, record), there=[record], origin=origin
                )
                self.refuses(item, origin.project_name, '--from')

    def test_the_same_cloud_by_another_address(self):
        for url in ('https://keystone/', 'https://keystone/v3/'):
            origin = dataclasses.replace(base.HOME, auth_url=url)
            item = self.item(
                in_cloud('backup', BACKUP), there=[BACKUP], origin=origin
            )
            self.assertTrue(item.possible)

    def test_gone(self):
        for kind, record in (('backup', BACKUP), ('image', IMAGE)):
            item = self.item(in_cloud(kind, record))
            self.refuses(item, record.id, 'gone', '--run')

    def test_status(self):
        backup = dataclasses.replace(BACKUP, status='error')
        image = dataclasses.replace(IMAGE, status='deactivated')
        for kind, record in (('backup', backup), ('image', image)):
            item = self.item(in_cloud(kind, record), there=[record])
            self.refuses(item, record.id, record.status)

    def test_not_readable(self):
        cloud = {'unread': {'backup': 'Cinder says 500.'}}
        self.refuses(self.item(in_cloud('backup', BACKUP), cloud=cloud), '500')
        item = self.item(
            in_cloud('backup', BACKUP), cloud={'backup_api': False}
        )
        self.refuses(item, 'Backup API')

    def test_of_another_volume(self):
        other = samples.backup(samples.volume('other'))
        item = self.item(in_cloud('backup', other), there=[other])
        self.refuses(item, 'is not of this volume')
        image = dataclasses.replace(
            IMAGE, properties={'backupclient_source': 'volume/other'}
        )
        item = self.item(in_cloud('image', image), there=[image])
        self.refuses(item, 'is not of this volume')

    def test_chain(self):
        new = dataclasses.replace(
            BACKUP, incremental=True, created_at='2026-01-02'
        )
        one = in_cloud('backup', new, incremental=True)
        full = samples.backup(VOLUME, name='full', created_at='2026-01-01')
        self.assertTrue(self.item(one, there=[new, full]).possible)
        for broken in (
            None,
            dataclasses.replace(full, status='error'),
            dataclasses.replace(full, incremental=True),
            dataclasses.replace(full, created_at='2026-01-03'),
            dataclasses.replace(full, volume_id='other'),
        ):
            item = self.item(one, there=[new, broken])
            self.refuses(item, new.id, 'incremental', '--run')

    def test_another_kind(self):
        self.refuses(self.item(in_cloud('tape', IMAGE)), 'tape')
