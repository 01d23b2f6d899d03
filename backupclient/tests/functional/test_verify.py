# SPDX-License-Identifier: Apache-2.0
"""A backup set of a real cloud is verified, without the cloud."""

import os
import pathlib
import shutil
import subprocess

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud


class Verify(base.TestCase):
    """An encrypted volume, a qcow2 image and a secret; keys encrypted.

    One test: to make these takes much longer than to verify them.
    """

    def setUp(self):
        super().setUp()
        self.data = cloud.content()
        self.vault = self.tenant.encrypted_volume('vault', self.data)
        self.plain = self.tenant.volume('plain', self.data)
        self.image = self.qcow2_image()
        payload = os.urandom(32)
        self.secret = self.tenant.secret('password', 'opaque', payload)
        self.identity = self.new_identity()
        self.run_id = self.back_up()
        self.set = self.target / self.run_id

    def qcow2_image(self):
        raw = self.tenant.file('disk.raw', self.data)
        disk = raw.with_suffix('.qcow2')
        subprocess.run(
            ['qemu-img', 'convert', '-O', 'qcow2', raw, disk], check=True
        )
        return self.tenant.conn.create_image(
            'golden',
            filename=str(disk),
            disk_format='qcow2',
            container_format='bare',
            wait=True,
        )

    def new_identity(self):
        path = pathlib.Path(self.tenant.folder) / 'identity'
        subprocess.run(
            ['age-keygen', '-o', path], check=True, capture_output=True
        )
        return path

    def back_up(self):
        recipient = subprocess.run(
            ['age-keygen', '-y', self.identity],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        done = self.backup(
            '--all', '--to', self.target, '--encrypt-to', recipient
        )
        return done.run

    def verify(self, *words, code=0):
        """Verify: no login, no settings, no network.

        :returns: the depth and the result of each resource.
        """
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith('OS_')
        }
        home = self.useFixture(fixtures.TempDir()).path
        done = subprocess.run(
            [
                *('unshare', '--net', base.OPENSTACK, 'backup', 'verify'),
                *('--from', str(self.target), '-f', 'json'),
                *map(str, words),
            ],
            env={**environment, 'HOME': home},
            capture_output=True,
            text=True,
            timeout=300,
        )
        result = base.Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(code, result.code, result)
        self.said = result
        return {
            row['Name']: (row['Depth'], row['Result']) for row in result.rows
        }

    def all_are(self, depth, result='good'):
        names = ('vault', 'plain', 'golden', 'password')
        return dict.fromkeys(names, (depth, result))

    def flip(self, path, offset):
        with (self.set / path).open('r+b') as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))

    def test_set_of_a_real_cloud(self):
        before = self.tenant.settled()
        self.good_at_each_depth()
        self.without_the_identity()
        # Nobody asks the cloud, and the set is still what sha512sum expects.
        self.assertOnly(before)
        self.backup_set(base.Result(0, '', f'Run {self.run_id}\n'))
        self.damaged()
        self.older_one_is_named()

    def good_at_each_depth(self):
        for depth in ('files', 'data'):
            self.assertEqual(
                self.all_are(depth), self.verify('--depth', depth)
            )
        keys = ('--depth', 'keys', '--identity', self.identity)
        self.assertEqual(self.all_are('keys'), self.verify(*keys))
        notes = {row['Name']: row['Notes'] for row in self.said.rows}
        self.assertIn(
            f'keys/volume-{self.vault.id}.key.age opens '
            f'volumes/{self.vault.id}.raw.',
            notes['vault'],
        )
        self.assertIn('found no error', notes['golden'][-1])
        self.assertEqual(3, len(list((self.set / 'verified').iterdir())))

    def without_the_identity(self):
        found = self.verify('--depth', 'keys', code=3)
        self.assertEqual(
            {
                'vault': ('data', 'unproved'),
                'password': ('data', 'unproved'),
                'plain': ('keys', 'good'),
                'golden': ('keys', 'good'),
            },
            found,
        )
        self.assertIn('--identity FILE', self.said.err)

    def damaged(self):
        older = self.target / '20200101T000000Z-aaaa'
        shutil.copytree(self.set, older)
        manifest = older / 'manifest.json'
        text = manifest.read_text().replace(self.run_id, older.name)
        manifest.write_text(text)
        self.flip(f'volumes/{self.plain.id}.raw', cloud.SMALL // 2)
        self.flip(f'keys/volume-{self.vault.id}.key.age', 200)
        os.truncate(self.set / f'images/{self.image.id}.qcow2', 1000)
        (self.set / f'secrets/{self.secret}.bin.age').unlink()
        files = {
            'vault': ('files', 'good'),
            'plain': ('files', 'good'),
            'golden': ('files', 'damaged'),
            'password': ('files', 'missing'),
        }
        self.assertEqual(files, self.verify('--depth', 'files', code=3))
        data = files | {
            'vault': ('data', 'damaged'),
            'plain': ('data', 'damaged'),
        }
        self.assertEqual(data, self.verify(code=3))
        for path in (
            f'volumes/{self.plain.id}.raw',
            f'keys/volume-{self.vault.id}.key.age',
            f'images/{self.image.id}.qcow2',
            f'secrets/{self.secret}.bin.age',
        ):
            self.assertIn(f'{path}: ', self.said.err)

    def older_one_is_named(self):
        self.assertEqual(
            4, self.said.err.count('Run 20200101T000000Z-aaaa has another')
        )
