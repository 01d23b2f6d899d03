# SPDX-License-Identifier: Apache-2.0
"""One case for each procedure: what it works on, and what it must give."""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import saved_plans
from backupclient.procedures import registry
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge


class Case(base.TestCase):
    """A resource, how it is asked for, and how a result is judged."""

    procedure = plans.Procedure.NONE
    data = b''
    size = None
    stays = ''
    arguments: tuple = ()
    notes: tuple = ()

    def setUp(self):
        super().setUp()
        self.before = self.tenant.settled()

    def make(self):
        """Make the resource."""
        raise NotImplementedError

    def command(self):
        """The options of the run."""
        if self.stays:
            return self.arguments
        return (*self.arguments, '--to', self.target, '--plaintext-keys')

    @classmethod
    def titles(cls):
        """The steps of the procedure, as the run tells them."""
        return [each.title for each in cls.steps()]

    @classmethod
    def steps(cls):
        """The classes of the steps."""
        return registry.PROCEDURES[cls.procedure](cls.sample())

    @classmethod
    def sample(cls):
        """An item of this procedure, as far as its steps depend on it."""
        option, name = cls.arguments
        kind = resources.Kind(option.removeprefix('--'))
        image = resources.Image('id', name, 'active', 'me')
        downloads = cls.procedure is plans.Procedure.IMAGE_DOWNLOAD
        saved = saved_plans.Item(
            resources.Resource(kind, name, 'id'),
            cls.procedure,
            '',
            to_file=not cls.stays,
            image=image if downloads else None,
        )
        return saved_plans.item(saved)

    def assertNothingLeft(self):
        """All is as it was before."""
        self.assertOnly(self.before)

    def assertDone(self, result):
        """The run is complete, with the right bytes, and left nothing."""
        [row] = [
            row
            for row in result.rows
            if row['Procedure'] == self.procedure.value
        ]
        self.assertEqual('complete', row['Outcome'], result)
        self.assertEqual([*self.notes], row['Notes'])
        if self.stays:
            self.assertOnly(self.before, f'{self.stays}/{row["Result"]}')
            self.discard(row['Result'])
            return
        self.assertOnly(self.before)
        file = self.backup_set(result) / row['Result']
        original = judge.Original(self.data, self.size)
        self.assertTrue(
            original.is_in(self.plain(file)), f'{self.procedure}: wrong bytes'
        )

    def plain(self, file):
        """The data of a file of the set as a guest reads it."""
        return file

    def discard(self, artifact_id):
        """Delete the artifact, so that the next run begins as this one."""
        storage = self.tenant.conn.block_storage
        backup = storage.get_backup(artifact_id)
        storage.delete_backup(backup)
        storage.wait_for_delete(backup, wait=120)


class VolumeImage(Case):
    procedure = plans.Procedure.VOLUME_IMAGE
    arguments = ('--volume', 'data')
    large = False

    @property
    def size(self):
        """The bytes of the volume."""
        return cloud.GIB if self.large else cloud.SMALL

    def make(self):
        self.data = cloud.content()
        self.tenant.volume('data', self.data, large=self.large)


class SnapshotImage(VolumeImage):
    procedure = plans.Procedure.SNAPSHOT_IMAGE

    def make(self):
        self.data = cloud.content()
        volume = self.tenant.volume('data', self.data, large=self.large)
        image = self.tenant.image('root', cloud.content(1))
        self.tenant.server('guest', image=image, volumes=[volume])


class VolumeBackup(VolumeImage):
    procedure = plans.Procedure.VOLUME_BACKUP
    stays = 'backups'


class ImageDownload(Case):
    procedure = plans.Procedure.IMAGE_DOWNLOAD
    arguments = ('--image', 'mine')

    def make(self):
        self.data = cloud.content(64)
        self.tenant.image('mine', self.data)


class ServerImage(Case):
    procedure = plans.Procedure.SERVER_IMAGE
    arguments = ('--server', 'guest')
    size = cloud.GIB
    notes = ('Some clouds suspend the guest while the image is made.',)

    def make(self):
        self.data = cloud.content()
        image = self.tenant.image('root', self.data)
        self.tenant.server('guest', image=image)

    def plain(self, file):
        return cloud.raw(file)


class SecretDownload(Case):
    procedure = plans.Procedure.SECRET_DOWNLOAD
    arguments = ('--secret', 'mine')

    def make(self):
        self.data = b'correct horse battery staple'
        self.tenant.secret('mine', 'passphrase', self.data)


ALL = (
    VolumeImage,
    SnapshotImage,
    VolumeBackup,
    ImageDownload,
    ServerImage,
    SecretDownload,
)


def for_each(case_test):
    """Make a test class of each case.

    :param case_test: a mixin with the tests.
    :returns: names and classes, for a module's globals.
    """
    return {
        f'{case_test.__name__}{case.__name__}': type(
            f'{case_test.__name__}{case.__name__}',
            (case_test, case),
            {'__module__': case_test.__module__},
        )
        for case in ALL
    }
