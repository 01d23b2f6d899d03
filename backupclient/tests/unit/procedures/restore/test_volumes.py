# SPDX-License-Identifier: Apache-2.0

import dataclasses
import hashlib

from backupclient import errors
from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.procedures.restore import base

PATH = f'volumes/{base.OLD}.raw'


class PlainTestCase(base.TestCase):
    """A file becomes a volume, over an image."""

    procedure = plans.Procedure.VOLUME_FROM_IMAGE

    def seed(self):
        return base.volume()

    def task(self, record):
        return saved_plans.Task(
            restores.Source(base.OLD_RUN, file=self.put(PATH, base.DATA)),
            'data\n"of" ours.new',
            volume=restores.NewVolume(1, restores.Way.PLAIN, 'fast'),
        )

    def check_complete(self, made):
        volume = self.the_new('volumes')
        self.assertEqual(volume['id'], made.restored)
        self.assertEqual('available', volume['status'])
        self.assertEqual('data\n"of" ours.new', volume['name'])
        self.assertEqual('what we\nhave', volume['description'])
        self.assertEqual('false', volume['bootable'])
        self.assertEqual(
            {'team': 'blue', **self.marks(self.item.resource)},
            volume['metadata'],
        )
        said = volume.get('volume_image_metadata', {})
        if self.policy_allows(made):
            self.assertEqual('scsi', said['hw_disk_bus'])
        ours = ('backupclient_', 'cinder_encryption_key_')
        left = [k for k in said if k.startswith(ours)]
        if self.policy_allows(made):
            self.assertEqual([], left)
        content = self.cloud.world.content[volume['id']]
        self.assertEqual(base.DATA, content)

    def test_damaged(self):
        """What is damaged never becomes an image, still less a volume."""
        for content in (
            bytes([base.DATA[0] ^ 1]) + base.DATA[1:],
            base.DATA[:-1] + b'x',
            base.DATA[:-1],
            base.DATA + b'x',
            b'',
        ):
            self.begin()
            self.damage(PATH, content)
            failure = self.assertRaises(errors.TransferError, self.go)
            self.assertIn('damaged', str(failure))
            self.assertIn(base.INSTEAD, str(failure))
            self.assertEqual([], self.cloud.asked('POST cinder'))
            self.assertEqual({}, self.new_things())

    def test_gone(self):
        self.set.delete(PATH)
        failure = self.assertRaises(errors.TargetError, self.go)
        self.assertIn(PATH, str(failure))
        self.assertEqual({}, self.new_things())

    def test_image_is_gone(self):
        """Cinder answers 400, and a resume has to begin again."""
        self.lose_image_before('POST cinder /volumes')
        failure = self.assertRaises(errors.NotFound, self.go)
        self.assertIn('was deleted', str(failure))
        self.assertEqual({}, self.new_things())

    def test_other_refusal(self):
        """While the image is there, the reason is what Cinder says."""
        refusal = wire.Answer(400, {'badRequest': {'message': 'Bad type'}})
        self.cloud.faults.append(
            wire.Fault(
                refusal, lambda request: str(request) == 'POST cinder /volumes'
            )
        )
        failure = self.assertRaises(errors.CloudError, self.go)
        self.assertNotIsInstance(failure, errors.NotFound)
        self.assertIn('Bad type', str(failure))

    def test_no_foreign_properties(self):
        """What steers services stays out of what Glance is told."""
        self.go()
        asked = next(
            r.json for r in self.cloud.seen if str(r) == 'POST glance /images'
        )
        self.assertEqual('private', asked['visibility'])
        self.assertNotIn('cinder_encryption_key_id', asked)
        self.assertEqual(base.RUN, asked['backupclient_run'])

    def test_volume_that_ends_in_error(self):
        self.cloud.cinder.makes = False
        failure = self.assertRaises(errors.WaitFailed, self.go)
        self.assertIn('error', str(failure))
        self.assertEqual({}, self.new_things())


class BootableTestCase(base.TestCase):
    """A volume that servers boot from, of an image that stayed."""

    procedure = plans.Procedure.VOLUME_FROM_IMAGE

    def seed(self):
        self.image = self.cloud.glance.add_image('kept', base.DATA)
        return base.volume(bootable=True, metadata={'readonly': 'True'})

    def task(self, record):
        return saved_plans.Task(
            restores.Source(
                base.OLD_RUN,
                artifact=copies.Artifact('image', self.image['id'], 'kept'),
            ),
            'data',
            volume=restores.NewVolume(1, restores.Way.PLAIN),
        )

    def check_complete(self, made):
        volume = self.the_new('volumes')
        self.assertEqual('true', volume['bootable'])
        self.assertEqual('True', volume['metadata']['readonly'])
        if self.policy_allows(made):
            said = volume['volume_image_metadata']
            self.assertEqual('scsi', said['hw_disk_bus'])
        self.assertEqual(base.DATA, self.cloud.world.content[volume['id']])


class EncryptedTestCase(base.TestCase):
    """The key is stored, copied by Cinder, and taken away again."""

    procedure = plans.Procedure.VOLUME_FROM_IMAGE

    def seed(self):
        return base.volume(encrypted=True, type_name='luks')

    def task(self, record):
        path = f'keys/volume-{base.OLD}.key'
        self.set.put(path, b'00ff' * 16)
        self.payload = bytes.fromhex('00ff' * 16)
        key = copies.KeyRecord(
            path,
            'cccccccc-0000-4000-8000-00000000000c',
            'symmetric',
            'aes',
            256,
            hashlib.sha256(self.payload).hexdigest(),
            'yes',
            protected=False,
        )
        return saved_plans.Task(
            restores.Source(
                base.OLD_RUN, file=self.put(PATH, base.DATA), key=key
            ),
            'data',
            volume=restores.NewVolume(
                2, restores.Way.WITH_KEY, 'luks', encrypted=True
            ),
        )

    def check_complete(self, made):
        found = {key[0]: thing for key, thing in self.new_things().items()}
        self.assertEqual(['secrets', 'volumes'], sorted(found))
        self.assertEqual(2, len(self.new_things()))
        volume = found['volumes']
        self.assertEqual(volume['encryption_key_id'], found['secrets']['id'])
        self.assertEqual(
            self.payload, self.cloud.world.content[found['secrets']['id']]
        )
        self.assertIn(found['secrets']['id'], ' '.join(made.notes))
        if self.policy_allows(made):
            said = volume['volume_image_metadata']
            self.assertNotIn('cinder_encryption_key_id', said)

    def test_as_planned(self):
        made = self.go()
        self._check(made)
        self.assertEqual(1, len(made.notes))

    def test_no_deletion_policy(self):
        """With it, Glance would delete the key together with the image."""
        self.go()
        asked = next(
            r.json for r in self.cloud.seen if str(r) == 'POST glance /images'
        )
        self.assertNotIn('cinder_encryption_key_deletion_policy', asked)

    def test_plan_that_names_no_key(self):
        """Somebody has edited it: nothing is begun."""
        task = self.item.restore
        source = dataclasses.replace(task.source, key=None)
        self.item = dataclasses.replace(
            self.item, task=dataclasses.replace(task, source=source)
        )
        failure = self.assertRaises(errors.DocumentError, self.go)
        self.assertIn('no key', str(failure))
        self.assertEqual([], self.cloud.asked('POST'))

    def test_damaged_key(self):
        self.set.put(f'keys/volume-{base.OLD}.key', b'11ff' * 16)
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn('keys/', str(failure))
        self.assertIn(base.INSTEAD, str(failure))
        self.assertEqual({}, self.new_things())
        self.assertEqual([], self.cloud.asked('POST'))

    def test_type_that_does_not_encrypt(self):
        """Cinder would take the data without a word."""
        clone = self.cloud.cinder._clone_key
        self.cloud.cinder._clone_key = lambda volume: ''
        self.addCleanup(setattr, self.cloud.cinder, '_clone_key', clone)
        failure = self.assertRaises(errors.BackupError, self.go)
        self.assertIn('does not encrypt', str(failure))
        self.assertEqual({}, self.new_things())

    def test_key_that_something_needs(self):
        """A key is deleted only when nothing refers to it."""
        clone = self.cloud.cinder._clone_key
        self.cloud.cinder._clone_key = lambda volume: str(
            volume.get('encryption_key_id') or ''
        )
        self.addCleanup(setattr, self.cloud.cinder, '_clone_key', clone)
        made = self.go()
        self.assertIn('is the key of', ' '.join(made.notes))
        kinds = sorted(key[0] for key in self.new_things())
        self.assertEqual(['secrets', 'volumes'], kinds)


class FromBackupTestCase(base.TestCase):
    """Cinder makes the volume of its own backup."""

    procedure = plans.Procedure.VOLUME_FROM_BACKUP

    def seed(self):
        self.backup = self.cloud.cinder.add_backup(
            # Cinder puts these in the place of those of the new volume.
            {'id': base.OLD, 'size': 1, 'metadata': base.PAST | {'a': 'b'}},
            'b',
        )
        self.cloud.world.content[self.backup['id']] = base.DATA
        return base.volume(bootable=True)

    def task(self, record):
        return saved_plans.Task(
            restores.Source(
                base.OLD_RUN,
                artifact=copies.Artifact('backup', self.backup['id'], 'b'),
            ),
            'data',
            volume=restores.NewVolume(1, restores.Way.BACKUP, 'fast'),
        )

    def check_complete(self, made):
        volume = self.the_new('volumes')
        self.assertEqual('data', volume['name'])
        self.assertEqual('true', volume['bootable'])
        if self.policy_allows(made):
            said = volume['volume_image_metadata']
            self.assertEqual('scsi', said['hw_disk_bus'])
        self.assertEqual(base.DATA, self.cloud.world.content[volume['id']])

    def test_nothing_is_written_to_a_volume(self):
        self.go()
        self.assertEqual([], self.cloud.asked('POST cinder /backups'))
        asked = next(
            r.json['volume']
            for r in self.cloud.seen
            if str(r) == 'POST cinder /volumes'
        )
        self.assertEqual(self.backup['id'], asked['backup_id'])
        self.assertEqual('fast', asked['volume_type'])
