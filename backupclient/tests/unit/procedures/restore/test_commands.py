# SPDX-License-Identifier: Apache-2.0
"""The commands that a person would type for a restore."""

import dataclasses

import testtools

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import saved_plans
from backupclient.procedures import registry
from backupclient.tests.unit import items
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
        item = items.item(
            resources.Resource(resources.Kind.VOLUME, 'vault', OLD),
            plans.Procedure.VOLUME_FROM_IMAGE,
            'why',
            volume=resources.Volume(
                id=OLD, name='vault', status='available', size_gib=1
            ),
            restore=saved_plans.Task(
                restores.Source(RUN, file=DATA, key=key(file)),
                'vault',
                volume=restores.NewVolume(1, way, 'luks', encrypted=True),
            ),
        )
        return commands(item)

    def test_with_its_key(self):
        """Barbican has the bytes, and the image names the secret."""
        path = f'keys/volume-{OLD}.key'
        first, *others = self.commands(restores.Way.WITH_KEY, f'{path}.age')
        self.assertEqual(
            f'KEY=$(age --decrypt -i "${{IDENTITY:?}}" {path}.age |', first
        )
        self.assertIn('    "digits": true}\')', others)
        self.assertIn(
            '    --property cinder_encryption_key_id="${KEY:?}" \\', others
        )
        self.assertIn(f'    --file {DATA.path} \\', others)

    def test_opened(self):
        """The image has the plain disk, and no key."""
        path = f'keys/volume-{OLD}.key'
        found = self.commands(restores.Way.OPENED, path)
        self.assertEqual(f'cat {path} | \\', found[0])
        self.assertIn('(umask 077; qemu-img convert -O raw', found[1])
        self.assertIn(f'file.filename={DATA.path}', '\n'.join(found))
        self.assertIn('    --file plain.raw \\', found)
        self.assertIn('rm plain.raw', found)
        self.assertNotIn('KEY', '\n'.join(found))


class SecretCommandsTestCase(testtools.TestCase):
    def test_payload(self):
        record = dataclasses.replace(DATA, path=f'secrets/{OLD}.bin')
        item = items.item(
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
            restore=saved_plans.Task(
                restores.Source(RUN, file=record), 'a "name"'
            ),
        )
        self.assertEqual(
            [
                f'new[{OLD}]=$(cat {record.path} |',
                "    barbican store 'a \"name\"' '{",
                '    "secret": {"secret_type": "passphrase"},',
                '    "payload": "text/plain"}\')',
            ],
            commands(item),
        )
