# SPDX-License-Identifier: Apache-2.0
"""Plans as they are in files."""

import dataclasses

import testtools

from backupclient.model import plans
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.model import tasks
from backupclient.tests.unit.engine import projects
from backupclient.tests.unit.sets import samples

SERVER, VOLUME = samples.SERVER, samples.DATA
IMAGE, SECRET = samples.IMAGE, samples.SECRET
SOURCE = restores.Source(
    samples.RUN, file=samples.file_record('volumes/1.raw')
)
CONTAINER = restores.Container(
    'pair', 'generic', (restores.Member(SECRET.id, 'private'),)
)
INSTEAD = plans.Item(
    VOLUME.resource,
    tasks.SnapshotImage(to_file=True, keep_image=True, stops=(SERVER.id,)),
    'because not',
    VOLUME,
)


def restoring(new, **fields):
    """Give the task of a restore."""
    return restores.Task(SOURCE, 'again', new, **fields)


TASKS = (
    (SERVER, tasks.ServerImage(stops=(SERVER.id,)), 'server-image'),
    (SERVER, tasks.ImageDownload(IMAGE), 'image-download'),
    (SERVER, tasks.Covered('its volumes', (VOLUME.id,)), 'none'),
    (VOLUME, tasks.VolumeImage(to_file=True), 'volume-image'),
    (VOLUME, tasks.SnapshotImage(), 'snapshot-image'),
    (
        VOLUME,
        plans.VolumeBackup(True, (SERVER.id,), INSTEAD),
        'volume-backup',
    ),
    (VOLUME, tasks.Nothing(), 'none'),
    (VOLUME, tasks.Present('another'), 'none'),
    (IMAGE, tasks.ImageDownload(IMAGE), 'image-download'),
    (SECRET, tasks.SecretDownload(), 'secret-download'),
    (SECRET, restoring(restores.NewSecret((CONTAINER,))), 'secret-store'),
    (IMAGE, restoring(restores.NewImage(), drill=True), 'image-upload'),
    (
        VOLUME,
        restoring(restores.NewVolume(1, restores.Way.PLAIN)),
        'volume-from-image',
    ),
    (
        VOLUME,
        restoring(restores.NewVolume(1, restores.Way.BACKUP)),
        'volume-from-backup',
    ),
    (
        SERVER,
        restoring(
            restores.NewServer('f1', 'small'),
            needs=(VOLUME.id,),
            after=(SECRET.id,),
            own_disk=IMAGE,
        ),
        'server-build',
    ),
)


class TestItems(testtools.TestCase):
    def test_each_task_comes_back(self):
        for record, task, procedure in TASKS:
            item = plans.Item(
                record.resource,
                task,
                'because',
                record,
                result='a thing',
                size=5,
                notes=('So.',),
                group=SERVER.id,
            )
            saved = saved_plans.of_item(item)
            self.assertEqual(procedure, saved.procedure)
            self.assertEqual(item, saved_plans.item(saved), procedure)
            self.assertEqual(record, getattr(saved, item.resource.kind))

    def test_every_procedure_has_a_task(self):
        self.assertEqual(
            {*plans.Procedure}, {procedure for _, _, procedure in TASKS}
        )

    def test_what_does_not_fit(self):
        """A procedure with the fields of another one is refused."""
        restore = saved_plans.Task(SOURCE, 'again')
        for record, procedure, more in (
            (SERVER, plans.Procedure.SERVER_IMAGE, {'image': IMAGE}),
            (SERVER, plans.Procedure.SERVER_BUILD, {}),
            (SERVER, plans.Procedure.SERVER_BUILD, {'restore': restore}),
            (VOLUME, plans.Procedure.VOLUME_FROM_IMAGE, {'restore': restore}),
            (VOLUME, plans.Procedure.VOLUME_BACKUP, {'restore': restore}),
            (IMAGE, plans.Procedure.IMAGE_DOWNLOAD, {'restore': restore}),
            (SECRET, plans.Procedure.VOLUME_IMAGE, {}),
        ):
            known = {record.resource.kind.value: record}
            failure = self.assertRaises(
                ValueError,
                saved_plans.Item,
                record.resource,
                procedure,
                'because',
                **known | more,
            )
            self.assertIn(record.resource.label, str(failure))


class TestPlans(testtools.TestCase):
    def test_comes_back(self):
        planned = dataclasses.replace(
            projects.random_plan(30, 1),
            bytes_to_move=7,
            cautions=('Beware.',),
            gaps=('Unread.',),
        )
        self.assertEqual(planned, saved_plans.plan(saved_plans.of(planned)))

    def test_nothing_is_left_out(self):
        """A new field of a plan is one of its file."""
        for one, other in (
            (plans.Plan, saved_plans.Plan),
            (plans.Item, saved_plans.Item),
            (restores.Task, saved_plans.Task),
        ):
            names = {field.name for field in dataclasses.fields(one)}
            names -= {'task', 'seen', 'new', 'own_disk'}
            saved = {field.name for field in dataclasses.fields(other)}
            self.assertEqual(set(), names - saved)
