# SPDX-License-Identifier: Apache-2.0
"""Backups in remotes of rclone: S3, WebDAV and SFTP, byte by byte."""

import hashlib
import os
import pathlib
import signal
import subprocess

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import remotes
from backupclient.tests.unit.store import rclones

PAYLOAD = b'\x00\xff\n payload'


class Nobody:
    """Somebody without a login."""

    def environment(self):
        """What a command knows: no cloud."""
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }


class RcloneCase(base.TestCase):
    """A project whose backups go through rclone."""

    shared = True

    def setUp(self):
        super().setUp()
        self.rclone = self.useFixture(remotes.Remotes())
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def place(self):
        """Return where the backups go, as rclone names it."""
        raise NotImplementedError

    def command(self, *words, code=0, **options):
        """Run one of our commands and return its rows."""
        done = self.openstack('backup', *words, '-f', 'json', **options)
        self.assertEqual(code, done.code, done)
        return done

    def copy_of(self, made, place):
        """Let rclone bring a set here, and sha512sum check it."""
        copied = self.folder / made.run
        self.rclone.own('copy', f'{place}/{made.run}', copied)
        subprocess.run(
            ['sha512sum', '--check', '--strict', '--quiet', 'SHA512SUMS'],
            cwd=copied,
            check=True,
        )
        self.rclone.own('check', copied, f'{place}/{made.run}', '--download')
        return copied

    def results(self, done):
        """Return a column of the rows by the resources' names."""
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in done.rows}, done
        )
        column = 'Restored' if 'Restored' in done.rows[0] else 'Result'
        return {row['Name']: row[column] for row in done.rows}

    def assert_file(self, name, file, size=None):
        """The content, and zeros behind it."""
        self.assertEqual(
            cloud.sha512(self.data[name], size), cloud.sha512_of(file), name
        )

    def assert_restored(self, found, tenant):
        """What is in the cloud again has the bytes that it had."""
        file = self.folder / 'volume'
        cloud.devcloud('read-volume', found['data'], file)
        self.assertEqual(
            cloud.sha512(self.data['data']),
            cloud.sha512_of(file, len(self.data['data'])),
        )
        image = tenant.conn.image.download_image(found['image'])
        self.assertEqual(
            hashlib.sha512(self.data['image']).hexdigest(),
            hashlib.sha512(image.content).hexdigest(),
        )
        payload = tenant.conn.key_manager.get(
            f'/secrets/{found["word"]}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        self.assertEqual(PAYLOAD, payload.content)


class S3(RcloneCase):
    """One of each kind, in Ceph's own S3."""

    def make(self):
        self.data = {name: cloud.content() for name in ('data', 'image')}
        self.data['luks'] = cloud.content(6)
        self.tenant.volume('data', self.data['data'], small=True)
        self.luks = self.tenant.encrypted_volume('luks', self.data['luks'])
        image = self.tenant.image('image', self.data['image'])
        self.tenant.server('guest', image=image)
        self.tenant.secret('word', 'opaque', PAYLOAD)

    def test_whole_project(self):
        """One run for all of it: most of the time goes into the captures."""
        place = self.rclone.s3('ceph')
        target = f'rclone:{place}'
        identity = self.folder / 'identity'
        made = subprocess.run(
            ['age-keygen', '-o', identity],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        recipient = made.stderr.split()[-1]
        done = self.command(
            'run', '--all', '--to', target, '--encrypt-to', recipient
        )
        self.assertIn(f'Backup set: {target}/{done.run}', done.err)
        written = self.results(done)
        copied = self.copy_of(done, place)
        self.assert_file('data', copied / written['data'], cloud.SMALL)
        self.assert_file('image', copied / written['image'])
        rows = self.command(
            'verify', '--from', target, '--depth', 'keys',
            '--identity', identity,
        ).rows  # fmt: skip
        self.assertEqual({'good'}, {row['Result'] for row in rows})
        self.check_files(target, identity)
        self.check_other_project(target, identity)

    def check_files(self, target, identity):
        """Decrypted on the way, without a cloud."""
        out = self.folder / 'out'
        found = self.results(
            self.command(
                'restore', '--from', target, '--all', '--to-files', out,
                '--decrypt', '--identity', identity,
            )
        )  # fmt: skip
        self.assert_file('data', out / found['data'], cloud.SMALL)
        self.assertEqual(
            cloud.sha512(self.data['luks']),
            cloud.sha512_of(out / found['luks'], len(self.data['luks'])),
        )
        self.assertEqual(PAYLOAD, (out / found['word']).read_bytes())
        guest = cloud.raw(out / found['guest'])
        self.assertEqual(
            cloud.sha512(self.data['image']),
            cloud.sha512_of(guest, len(self.data['image'])),
        )

    def check_other_project(self, target, identity):
        other = self.useFixture(cloud.Tenant())
        done = self.command(
            'restore', '--from', target, '--all', '--identity', identity,
            tenant=other,
        )  # fmt: skip
        found = self.results(done)
        self.assert_restored(found, other)
        self.assertEqual(
            'ACTIVE', other.conn.compute.get_server(found['guest']).status
        )
        self.assertTrue(
            other.conn.block_storage.get_volume(found['luks']).is_encrypted
        )


class Small(RcloneCase):
    """A volume, an image and a secret, by WebDAV and by SFTP."""

    def make(self):
        self.data = {name: cloud.content() for name in ('data', 'image')}
        self.tenant.volume('data', self.data['data'], small=True)
        self.tenant.image('image', self.data['image'])
        self.tenant.secret('word', 'opaque', PAYLOAD)

    def setUp(self):
        super().setUp()
        self.root = self.folder / 'root'
        self.root.mkdir()

    def test_sftp(self):
        self.rclone.sftp('ssh', self.root)
        target = 'rclone:ssh:/backups'
        done = self.command('run', '--all', '--to', target, '--plaintext-keys')
        written = self.results(done)
        copied = self.copy_of(done, 'ssh:/backups')
        self.assert_file('data', copied / written['data'], cloud.SMALL)
        self.check_reading(target, done.run)
        other = self.useFixture(cloud.Tenant())
        found = self.results(
            self.command('restore', '--from', target, '--all', tenant=other)
        )
        self.assert_restored(found, other)

    def test_webdav_killed_and_resumed(self):
        """With a password in the target, which is kept nowhere."""
        port = self.rclone.serve('webdav', self.root)
        hidden = self.rclone.obscured()
        target = (
            f'rclone::webdav,url="http://127.0.0.1:{port}",vendor=other,'
            f'user={rclones.USER},pass={hidden}:backups'
        )
        options = ('--to', target, '--plaintext-keys')
        killed = self.backup_until(
            r'volume "data".*: download', signal.SIGKILL, '--all', *options
        )
        self.assertEqual(-signal.SIGKILL, killed.code, killed)
        refused = self.command('run', '--resume', 'last', code=2)
        self.assertIn('kept nowhere', refused.err)
        resumed = self.command('run', '--resume', 'last', '--to', target)
        self.assertIn('start anew', resumed.err)
        self.assertEqual(killed.run, resumed.run)
        self.results(resumed)
        self.assert_not_found(hidden, killed, refused, resumed)
        self.check_reading(target, resumed.run)
        self.rclone.webdav('dav', self.root)
        copied = self.copy_of(resumed, 'dav:backups')
        self.assert_not_found(hidden, folder=copied)

    def check_reading(self, target, run):
        """Without a cloud, and without a login."""
        nobody = Nobody()
        rows = self.command(
            'verify', run, '--from', target, tenant=nobody
        ).rows
        self.assertEqual({'good'}, {row['Result'] for row in rows})
        out = self.folder / 'out'
        found = self.results(
            self.command(
                'restore',
                '--from',
                target,
                '--all',
                '--to-files',
                out,
                tenant=nobody,
            )
        )
        self.assert_file('data', out / found['data'], cloud.SMALL)
        self.assert_file('image', out / found['image'])
        self.assertEqual(PAYLOAD, (out / found['word']).read_bytes())

    def assert_not_found(self, password, *results, folder=None):
        """Neither is a password said, nor is it in a file."""
        for result in results:
            self.assertNotIn(password, result.out + result.err)
        for place in (folder, pathlib.Path(self.tenant.state)):
            for file in place.rglob('*') if place else ():
                if file.is_file() and file.suffix != '.raw':
                    self.assertNotIn(password.encode(), file.read_bytes())
