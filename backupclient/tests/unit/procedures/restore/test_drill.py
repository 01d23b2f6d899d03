# SPDX-License-Identifier: Apache-2.0
"""What is only tried is compared, and is gone afterwards."""

import dataclasses

from backupclient import errors
from backupclient.tests.unit.procedures.restore import base
from backupclient.tests.unit.procedures.restore import test_images
from backupclient.tests.unit.procedures.restore import test_secrets
from backupclient.tests.unit.procedures.restore import test_servers
from backupclient.tests.unit.procedures.restore import test_volumes


class Drill:
    """A procedure whose result is taken away again; see ``base``.

    :param says: how it was compared.
    """

    says = ''

    def more_of(self, record):
        more = super().more_of(record)
        task = dataclasses.replace(more['restore'], drill=True)
        return {**more, 'restore': task}

    def check_complete(self, made):
        self.assertEqual({}, self.new_things())
        self.assertEqual('', made.restored)
        self.assertIn(self.says, ' '.join(made.notes))

    def test_as_planned(self):
        made = self.go()
        self._check(made)
        self.assertEqual(1, len(made.notes), made.notes)


class VolumeTestCase(Drill, base.TestCase):
    procedure = test_volumes.PlainTestCase.procedure
    seed = test_volumes.PlainTestCase.seed
    task = test_volumes.PlainTestCase.task
    says = "Glance's sha512"

    def change(self):
        """Let the restored volume have other data."""
        restore = self.cloud.cinder._restore

        def other(asked):
            answer = restore(asked)
            id_ = answer.json['volume']['id']
            content = self.cloud.world.content[id_]
            self.cloud.world.content[id_] = content[:-1] + b'?'
            return answer

        self.cloud.cinder._restore = other

    def test_other_data(self):
        self.change()
        failure = self.assertRaises(errors.TransferError, self.go)
        self.assertIn('other data', str(failure))
        self.assertEqual({}, self.new_things())

    def test_larger_volume(self):
        """Zeros may follow."""
        restore = self.cloud.cinder._restore

        def longer(asked):
            answer = restore(asked)
            id_ = answer.json['volume']['id']
            self.cloud.world.content[id_] += bytes(5000)
            return answer

        self.cloud.cinder._restore = longer
        self._check(self.go())

    def test_glance_without_hashes(self):
        """The image is read."""
        fill = self.cloud.glance.fill

        def unhashed(image, content):
            fill(image, content)
            image.update(os_hash_algo=None, os_hash_value=None)

        self.cloud.glance.fill = unhashed
        self.says = 'was read'
        self._check(self.go())
        self.change()
        self.assertRaises(errors.TransferError, self.go_again)

    def go_again(self):
        self.journal._progress.clear()
        return self.go()


class BackupTestCase(Drill, base.TestCase):
    """Of a Cinder backup no hash is recorded: the first drill tells it."""

    procedure = test_volumes.FromBackupTestCase.procedure
    seed = test_volumes.FromBackupTestCase.seed
    task = test_volumes.FromBackupTestCase.task
    says = 'sha512:'


class ImageTestCase(Drill, base.TestCase):
    procedure = test_images.ImageTestCase.procedure
    seed = test_images.ImageTestCase.seed
    task = test_images.ImageTestCase.task
    says = "Glance's hash"


class SecretTestCase(Drill, base.TestCase):
    procedure = test_secrets.TextTestCase.procedure
    seed = test_secrets.TextTestCase.seed
    task = test_secrets.TextTestCase.task
    says = 'read back'


class ServerTestCase(Drill, test_servers.OwnDiskTestCase):
    """It is gone again, and its volume is as it was."""

    says = 'seen ACTIVE'

    def seed(self):
        record = super().seed()
        (group,) = self.made_before
        made = self.made_before[group]
        self.made_before = {
            group: dataclasses.replace(
                made, volume_id=made.restored, restored=''
            )
        }
        self.new_process()
        return record

    def test_disk_comes_with_its_hardware(self):
        """As in a restore."""
        self.go()
        asked = next(
            r.json for r in self.cloud.seen if str(r) == 'POST glance /images'
        )
        self.assertEqual('scsi', asked['hw_disk_bus'])
