# SPDX-License-Identifier: Apache-2.0

from backupclient import errors
from backupclient.model import plans
from backupclient.model import tags
from backupclient.tests.unit import items
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures import base
from backupclient.tests.unit.procedures import every_failure


class InUseTestCase(every_failure.EveryFailure):
    procedure = plans.Procedure.VOLUME_BACKUP

    def seed(self):
        server = self.cloud.nova.add_server('web')
        volume = self.cloud.cinder.add_volume(
            'data', base.DATA, server=server['id']
        )
        return self.work.cloud.cinder.volume(volume['id'])

    def check_complete(self, made):
        ((kind, id_),) = self.new_things()
        self.assertEqual(('backups', made.artifact.id), (kind, id_))
        backup = self.cloud.world.things['backups'][id_]
        self.assertEqual('available', backup['status'])
        self.assertEqual(made.artifact.name, backup['name'])
        resource = self.item.resource
        self.assertEqual(
            tags.metadata(base.RUN, resource, tags.Role.ARTIFACT),
            backup['metadata'],
        )
        self.assertTrue(made.captured)

    def test_force(self):
        self.go()
        post = next(r for r in self.cloud.seen if r.method == 'POST')
        self.assertIs(True, post.json['backup']['force'])
        self.assertIs(False, post.json['backup']['incremental'])

    def test_a_person_sees_what_it_is(self):
        made = self.go()
        backup = self.cloud.world.things['backups'][made.artifact.id]
        id_ = self.item.resource.id
        name = tags.name(base.RUN, self.item.resource)
        self.assertEqual(f'{name} (data)', backup['name'])
        self.assertEqual(
            f'Volume "data" ({id_}), run {base.RUN}', backup['description']
        )

    def test_begun_by_an_earlier_release(self):
        """It named its backups differently; the tags are the same."""
        resource = self.item.resource
        begun = self.cloud.cinder.add_backup(
            {'id': resource.id, 'size': 1},
            tags.name(base.RUN, resource),
            metadata=tags.metadata(base.RUN, resource, tags.Role.ARTIFACT),
        )
        self.assertEqual(begun['id'], self.go().artifact.id)
        self.assertEqual([], self.cloud.asked('POST'))
        self.check_untouched()

    def test_failed_backup(self):
        end = {'status': 'error', 'fail_reason': 'the disk is full'}
        backups = self.cloud.world.things['backups']

        def break_it():
            backups['00000002-backup'].update(end)

        self.cloud.fail(break_it, 'GET cinder /backups/00000002', skip=1)
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn('the disk is full', str(failure))

    def test_full_instead_of_incremental_is_told(self):
        """Cinder decides, and the finished backup tells."""
        self.item = items.item(
            self.item.resource,
            self.procedure,
            'because',
            volume=self.item.volume,
            incremental=True,
        )
        self.cloud.cinder.add_backup(
            {'id': self.item.resource.id, 'size': 1}, 'full'
        )
        backups = self.cloud.world.things['backups']

        def make_full():
            backups['00000003-backup']['is_incremental'] = False

        self.cloud.fail(make_full, 'GET cinder /backups/00000003')
        made = self.go()
        self.assertFalse(made.artifact.incremental)
        self.assertIn('full backup instead', ' '.join(made.notes))


class ServiceTestCase(base.TestCase):
    """What a cloud without a living backup service looks like."""

    procedure = plans.Procedure.VOLUME_BACKUP

    def seed(self):
        volume = self.cloud.cinder.add_volume('data', base.DATA)
        return self.work.cloud.cinder.volume(volume['id'])

    def bystanders(self):
        pass

    def _with_fallback(self):
        instead = items.item(
            self.item.resource,
            plans.Procedure.VOLUME_IMAGE,
            'instead',
            volume=self.item.volume,
        )
        self.item = items.item(
            self.item.resource,
            self.procedure,
            'because',
            volume=self.item.volume,
            fallback=instead,
        )

    def test_down(self):
        self.cloud.cinder.backup_service = 'down'
        for fallback in (False, True):
            self.begin()
            self.cloud.cinder.backup_service = 'down'
            if fallback:
                self._with_fallback()
            failure = self.assertRaises(
                errors.BackupServiceUnavailable, self.go
            )
            self.assertFalse(failure.stuck)
            self.check_untouched()
            # Nobody but a backup service deletes a backup: it is told.
            told = ' '.join(self.left_over)
            for _, id_ in self.new_things():
                self.assertIn(id_, told)

    def test_down_is_not_waited_for_long(self):
        """A deletion that answers 404 does not need half an hour."""
        self.cloud.cinder.backup_service = 'down'
        self.assertRaises(errors.BackupServiceUnavailable, self.go)
        self.assertLess(self.clock.slept, 600)

    def test_stuck(self):
        self.cloud.cinder.backup_service = 'stuck'
        self._with_fallback()
        failure = self.assertRaises(errors.BackupServiceUnavailable, self.go)
        self.assertTrue(failure.stuck)
        self.assertIn('backing-up', str(failure))
        # Within the minutes of the sign of life, not the hours of a copy.
        self.assertLess(self.clock.slept, 700)
        self.assertEqual([], self.cloud.asked('DELETE'))
        self.assertIn('00000001-backup', ' '.join(self.left_over))

    def test_slow_service_is_given_its_time(self):
        """A sign of life is enough for the short deadline."""
        self._with_fallback()
        backups = self.cloud.world.things['backups']
        self.cloud.world.delay = 60

        def take_up():
            backups['00000001-backup']['availability_zone'] = 'nova'

        self.cloud.fail(take_up, 'GET cinder /backups/00000001', skip=3)
        self.assertTrue(self.go().artifact)

    def test_refused_post(self):
        self.cloud.fail(
            wire.Answer(400, {'badRequest': {'message': 'odd'}}),
            'POST cinder /backups',
        )
        failure = self.assertRaises(errors.CloudError, self.go)
        self.assertIn('odd', str(failure))
        self.assertEqual({}, self.new_things())
