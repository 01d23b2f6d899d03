# SPDX-License-Identifier: Apache-2.0
"""Backups as files, without a cloud: what comes back is what was written."""

import subprocess

from backupclient.keys import identity
from backupclient.model import requests
from backupclient.model import restores
from backupclient.operations import restore_files
from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class ToFiles(base.TestCase):
    """An encrypted volume, a plain one, a server, an image and a secret."""

    def setUp(self):
        super().setUp()
        tenant = self.tenant
        self.data = {
            name: cloud.content() for name in ('luks', 'plain', 'image')
        }
        self.luks = tenant.encrypted_volume('luks', self.data['luks'])
        self.plain = tenant.volume('plain', self.data['plain'])
        self.image = tenant.image('image', self.data['image'])
        self.server = tenant.server('guest', image=self.image)
        self.secret = tenant.secret('word', 'opaque', b'\x00\xff\n')
        self.identity = self.target / 'identity'
        made = subprocess.run(
            ['age-keygen', '-o', self.identity],
            check=True,
            capture_output=True,
            text=True,
        )
        self.backup(
            '--all', '--to', self.target / 'backups',
            '--encrypt-to', made.stderr.split()[-1],
        )  # fmt: skip

    def restore(self, name, *, decrypt):
        keys = identity.Identities.load([str(self.identity)])
        asked = restores.Request(
            requests.Request(everything=True),
            source=str(self.target / 'backups'),
            decrypt=decrypt,
        )
        done = restore_files.restore(asked, self.target / name, keys)
        self.assertEqual(0, done.exit_code, done)
        return {
            outcome.resource.name: self.target / name / outcome.restored
            for outcome in done.outcomes
        }

    def assert_content(self, name, file, size=None):
        """The content, and zeros behind it."""
        data = self.data[name]
        self.assertEqual(cloud.sha512(data, size), cloud.sha512_of(file))

    def assert_start(self, name, file):
        """What was never written decrypts to noise, or is of the format."""
        data = self.data[name]
        self.assertEqual(
            cloud.sha512(data), cloud.sha512_of(file, len(data)), name
        )

    def test_to_files(self):
        """One backup for both: it takes most of the time."""
        decrypted = self.check_decrypted()
        self.check_as_they_are(decrypted)

    def check_decrypted(self):
        files = self.restore('plain', decrypt=True)
        self.assertEqual(f'{self.luks.id}.raw', files['luks'].name)
        self.assert_start('luks', files['luks'])
        self.assertLessEqual(files['luks'].stat().st_size, cloud.SMALL)
        self.assert_content('plain', files['plain'], cloud.SMALL)
        self.assert_content('image', files['image'])
        self.assertEqual(b'\x00\xff\n', files['word'].read_bytes())
        self.assert_start('image', cloud.raw(files['guest']))
        self.assertFalse((self.target / 'plain' / 'keys').exists())
        return files['luks']

    def check_as_they_are(self, decrypted):
        """qemu-img and age open what was brought back encrypted."""
        files = self.restore('sealed', decrypt=False)
        key = self.target / 'key'
        sealed = self.target / 'sealed' / 'keys'
        subprocess.run(
            [
                *('age', '--decrypt', '-i', self.identity, '-o', key),
                sealed / f'volume-{self.luks.id}.key.age',
            ],
            check=True,
        )
        plain = cloud.decrypted(files['luks'], key, mib=None)
        self.assert_start('luks', plain)
        self.assertEqual(
            cloud.sha512_of(plain, decrypted.stat().st_size),
            cloud.sha512_of(decrypted),
        )
