# SPDX-License-Identifier: Apache-2.0
"""A project in remotes of rclone, and back: byte by byte."""

import pathlib
import signal
import subprocess

from backupclient.tests.functional import cloud
from backupclient.tests.functional import elsewhere
from backupclient.tests.functional import remotes
from backupclient.tests.functional import store_cases
from backupclient.tests.unit.store import rclones


class ThereAndBack(store_cases.OneOfEach):
    """One run for each remote, and all that is done with its set."""

    def setUp(self):
        super().setUp()
        self.rclone = self.useFixture(remotes.Remotes())
        self.root = self.folder / 'root'
        self.root.mkdir()
        self.before = self.tenant.settled()

    def machine(self, tenant=None):
        """A machine that knows the remote alone."""
        config = str(self.rclone.folder / 'rclone.conf')
        return self.useFixture(elsewhere.Machine(tenant, RCLONE_CONFIG=config))

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

    def check_by_rclone(self, made, place):
        """The program's own reading agrees, without this one."""
        self.assertOnly(self.before)
        copied = self.copy_of(made, place)
        written = self.results(made)
        self.assert_plain(copied / written['plain'])
        self.assert_guest(copied / written['guest'])
        self.assertEqual(
            self.data['image'], (copied / written['image']).read_bytes()
        )
        return copied

    def check_read(self, target, run, *identity):
        """Without a cloud, and without a login."""
        nobody = self.machine()
        rows = self.command(
            'verify', run, '--from', target, '--depth', 'keys', *identity,
            tenant=nobody,
        ).rows  # fmt: skip
        self.assertEqual(['good'] * 6, [row['Result'] for row in rows])
        out = self.folder / 'out'
        done = self.command(
            'restore', '--from', target, '--all', '--to-files', out,
            '--decrypt', *identity, tenant=nobody,
        )  # fmt: skip
        self.assert_files(out, self.results(done))

    def check_restored(self, target, *identity):
        """Into another project."""
        other = self.useFixture(cloud.Tenant())
        done = self.command(
            'restore', '--from', target, '--all', *identity,
            tenant=self.machine(other),
        )  # fmt: skip
        self.assert_restored(self.results(done), other)

    def test_s3(self):
        place = self.rclone.s3('ceph')
        target = f'rclone:{place}'
        identity = self.folder / 'identity'
        made = subprocess.run(
            ['age-keygen', '-o', identity],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        options = ('--to', target, '--encrypt-to', made.stderr.split()[-1])
        old = self.command('run', '--secret', 'word', *options)
        done = self.command('run', '--all', *options)
        self.assertIn(f'Backup set: {target}/{done.run}', done.err)
        self.check_by_rclone(done, place)
        self.check_pruned(target, old.run, done.run, self.machine())
        with_key = ('--identity', identity)
        self.check_read(target, done.run, *with_key)
        self.check_restored(target, *with_key)

    def test_sftp(self):
        self.rclone.sftp('ssh', self.root)
        target = 'rclone:ssh:/backups'
        done = self.command('run', '--all', '--to', target, '--plaintext-keys')
        self.check_by_rclone(done, 'ssh:/backups')
        self.check_read(target, done.run)
        self.check_restored(target)

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
            r'volume "plain".*: download', signal.SIGKILL, '--all', *options
        )
        self.assertEqual(-signal.SIGKILL, killed.code, killed)
        refused = self.command('run', '--resume', 'last', code=2)
        self.assertIn('kept nowhere', refused.err)
        resumed = self.command('run', '--resume', 'last', '--to', target)
        self.assertIn('start anew', resumed.err)
        self.assertEqual(killed.run, resumed.run)
        self.assert_not_found(hidden, killed, refused, resumed)
        self.rclone.webdav('dav', self.root)
        copied = self.check_by_rclone(resumed, 'dav:backups')
        self.assert_not_found(hidden, folder=copied)
        self.check_read(target, resumed.run)
        self.check_restored(target)

    def assert_not_found(self, password, *results, folder=None):
        """Neither is a password said, nor is it in a file."""
        for result in results:
            self.assertNotIn(password, result.out + result.err)
        for place in (folder, pathlib.Path(self.tenant.state)):
            for file in place.rglob('*') if place else ():
                if file.is_file() and file.suffix != '.raw':
                    self.assertNotIn(password.encode(), file.read_bytes())
