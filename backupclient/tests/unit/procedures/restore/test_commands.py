# SPDX-License-Identifier: Apache-2.0
"""The commands that a person would type for a restore."""

import dataclasses

import testtools

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.procedures import registry
from backupclient.tests.unit.procedures.restore import base

RUN, OLD = base.OLD_RUN, base.OLD
DATA = copies.FileRecord(f'volumes/{OLD}.raw', 9, {'sha512': 'a' * 128})


def key(path, secret_type='symmetric'):
    return copies.KeyRecord(
        path, OLD, secret_type, 'aes', 256, 'b' * 64, 'yes', protected=False
    )


def commands(item):
    found = (each.command(item) for each in registry.steps(item))
    return '\n'.join(filter(None, found)).split('\n')


class VolumeCommandsTestCase(testtools.TestCase):
    def commands(self, way, file):
        """Give the commands for an encrypted volume whose key is a file."""
        item = plans.Item(
            resources.Resource(resources.Kind.VOLUME, 'vault', OLD),
            plans.Procedure.VOLUME_FROM_IMAGE,
            'why',
            volume=resources.Volume(
                id=OLD, name='vault', status='available', size_gib=1
            ),
            restore=restores.Task(
                restores.Source(RUN, file=DATA, key=key(file)),
                'vault',
                volume=restores.NewVolume(1, way, 'luks', encrypted=True),
            ),
        )
        return commands(item)

    def test_with_its_key(self):
        """Barbican has the bytes, and the image names the secret."""
        path = f'keys/volume-{OLD}.key'
        first, second, third, *_ = self.commands(
            restores.Way.WITH_KEY, f'{path}.age'
        )
        self.assertEqual(
            f'age --decrypt --identity IDENTITY {path}.age > {path}', first
        )
        self.assertEqual(f'xxd -r -p {path} > KEY', second)
        self.assertIn('--file KEY', third)
        image = self.commands(restores.Way.WITH_KEY, path)[2]
        self.assertIn('--property cinder_encryption_key_id=SECRET', image)
        self.assertIn(f'--file {DATA.path} IMAGE', image)

    def test_opened(self):
        """The image has the plain disk, and no key."""
        path = f'keys/volume-{OLD}.key'
        first, second, *_ = self.commands(restores.Way.OPENED, path)
        self.assertIn('qemu-img convert -O raw', first)
        self.assertIn(f'file={path}', first)
        self.assertIn(f'file.filename={DATA.path}', first)
        self.assertIn('--file PLAIN IMAGE', second)
        self.assertNotIn('SECRET', second)


class SecretCommandsTestCase(testtools.TestCase):
    def test_payload(self):
        record = dataclasses.replace(DATA, path=f'secrets/{OLD}.bin')
        item = plans.Item(
            resources.Resource(resources.Kind.SECRET, 'a "name"', OLD),
            plans.Procedure.SECRET_STORE,
            'why',
            secret=resources.Secret(
                id=OLD,
                name='a "name"',
                status='ACTIVE',
                secret_type='passphrase',
                content_type='text/plain',
            ),
            restore=restores.Task(
                restores.Source(RUN, file=record), 'a "name"'
            ),
        )
        self.assertEqual(
            [
                'openstack secret store --name \'a "name"\' --secret-type '
                'passphrase --payload-content-type text/plain --file '
                f'{record.path}'
            ],
            commands(item),
        )
