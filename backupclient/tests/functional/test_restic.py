# SPDX-License-Identifier: Apache-2.0
"""A project in restic repositories, and back: byte by byte."""

import hashlib
import json
import os
import pathlib
import subprocess
import threading

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional import elsewhere
from backupclient.tests.functional import remotes
from backupclient.tests.functional import store_cases
from backupclient.tests.unit.store import rclones

PASSWORD = 'never-in-an-argument-4711'


class Repositories(store_cases.OneOfEach):
    """A project, and a new repository for each test."""

    def setUp(self):
        super().setUp()
        self.remotes = self.useFixture(remotes.Remotes())
        self.useFixture(fixtures.EnvironmentVariable('RESTIC_REPOSITORY'))
        # Whoever reads the backups needs no more than this and the address.
        self.known = {'RESTIC_PASSWORD': PASSWORD}
        self.before = self.tenant.settled()

    def local(self):
        self.begin(str(self.target / 'repository'))

    def rest(self):
        root = self.target / 'served'
        root.mkdir()
        port = self.remotes.serve('restic', root)
        login = f'{rclones.USER}:{rclones.PASSWORD}'
        self.begin(f'rest:http://{login}@127.0.0.1:{port}/')

    def s3(self):
        known = remotes.s3_credentials()
        for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'):
            self.known[name] = known[name]
        _, _, place = self.remotes.s3('ceph').partition(':')
        self.begin(f's3:{known["S3_ENDPOINT"]}/{place}')

    def begin(self, repository):
        """Make the repository."""
        self.repository = repository
        self.to = f'restic:{repository}'
        cache = {'RESTIC_CACHE_DIR': str(self.target / 'cache')}
        for name, value in {**self.known, **cache}.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.restic('init')

    def restic(self, *words):
        """Call restic as a person does."""
        done = subprocess.run(
            ['restic', '-r', self.repository, *words],
            check=True,
            capture_output=True,
        )
        return done.stdout

    def dump(self, path):
        """Read the newest file of a path with restic alone."""
        return self.restic('dump', '--path', f'/{path}', 'latest', f'/{path}')

    def hash_of(self, snapshot):
        """Hash the only file of a snapshot with restic alone."""
        data = self.restic('dump', snapshot['id'], *snapshot['paths'])
        return hashlib.sha512(data).hexdigest()

    def snapshots(self, kind):
        """The snapshots of a kind, by the IDs of what they hold."""
        found = {}
        for one in json.loads(self.restic('snapshots', '--json')):
            tags = dict(t.split('=') for t in one['tags'] if '=' in t)
            if kind in tags and 'key' not in one['tags']:
                found.setdefault(tags[kind], []).append(one)
        return found

    def run_all(self):
        """Back all up; look for the password in every process meanwhile."""
        with Watched(*self.known.values()) as watched:
            made = self.command(
                'run', '--all', '--to', self.to, '--plaintext-keys'
            )
        self.assertOnly(self.before)
        self.results(made)
        self.assertGreater(watched.looks, 10)
        self.assertEqual([], watched.seen)
        self.check_by_restic(made)
        self.check_nothing_is_said(made)
        return made

    def check_by_restic(self, made):
        """The program's own reading agrees, without this one."""
        self.restic('check', '--read-data')
        self.assertEqual(b'', self.restic('list', 'locks').strip())
        [one] = self.snapshots('volume')[self.plain.id]
        self.assertEqual(
            cloud.sha512(self.data['plain'], cloud.SMALL), self.hash_of(one)
        )
        self.assertEqual([f'/volumes/{self.plain.id}.raw'], one['paths'])
        self.assertLessEqual(
            {'backupclient', f'run={made.run}', f'volume={self.plain.id}'},
            {*one['tags']},
        )
        self.assertEqual(
            self.data['image'], self.dump(f'images/{self.image.id}.raw')
        )
        key = self.dump(f'keys/volume-{self.luks.id}.key')
        self.assertEqual(64, len(key))
        every = json.loads(
            self.restic('snapshots', '--json', '--tag', f'run={made.run}')
        )
        # Of each volume, the server, the large image and the key, and one of
        # what is small.
        self.assertEqual(6, len(every), [one['tags'] for one in every])
        [small] = [one for one in every if 'files' in one['tags']]
        manifest = self.restic('dump', small['id'], '/manifest.json')
        self.assertEqual(made.run, json.loads(manifest)['run'])
        self.assertEqual(
            store_cases.WORD,
            self.restic('dump', small['id'], f'/secrets/{self.secret}.bin'),
        )
        for word in self.hidden():
            self.assertNotIn(word.encode(), manifest)

    def hidden(self):
        """What must be in nothing that stays, or that is shown."""
        return [*self.known.values(), rclones.PASSWORD]

    def check_nothing_is_said(self, made):
        for word in self.hidden():
            self.assertNotIn(word, made.out + made.err)
            for path in pathlib.Path(self.tenant.state).rglob('*'):
                if path.is_file():
                    self.assertNotIn(word.encode(), path.read_bytes(), path)

    def machine(self, tenant=None):
        """A machine that knows the address and the password alone."""
        return self.useFixture(elsewhere.Machine(tenant, **self.known))

    def check_verified(self, *depths):
        """Without a cloud."""
        nobody = self.machine()
        for depth in depths:
            done = self.command(
                'verify', '--from', self.to, '--depth', depth, tenant=nobody
            )
            found = {row['Name']: row['Result'] for row in done.rows}
            self.assertEqual(6, len(found), done)
            self.assertEqual({'good'}, {*found.values()}, done)

    def check_drill(self):
        """Where it was backed up, with a restore under another name."""
        done = self.command(
            'verify', '--from', self.to, '--depth', 'restore',
            '--volume', 'plain',
        )  # fmt: skip
        [row] = done.rows
        self.assertEqual(('good', 'restore'), (row['Result'], row['Depth']))

    def check_as_files(self):
        """Without a cloud."""
        done = self.command(
            'restore', '--from', self.to, '--all', '--to-files',
            self.folder / 'files', '--decrypt', tenant=self.machine(),
        )  # fmt: skip
        self.assert_files(self.folder / 'files', self.results(done))

    def check_restored(self):
        """Into another project."""
        other = self.useFixture(cloud.Tenant())
        done = self.command(
            'restore', '--from', self.to, '--all', tenant=self.machine(other)
        )
        self.assert_restored(self.results(done), other)


class ThereAndBack(Repositories):
    """One run for each, and all that is done with its set."""

    def test_local(self):
        self.local()
        self.run_all()
        self.check_verified('keys')
        self.check_as_files()
        self.check_restored()

    def test_rest(self):
        self.rest()
        self.run_all()
        self.check_verified('keys')
        self.check_restored()

    def test_s3(self):
        self.s3()
        options = ('--to', self.to, '--plaintext-keys')
        old = self.command('run', '--secret', 'word', *options)
        made = self.run_all()
        self.check_pruned(self.to, old.run, made.run, self.machine())
        self.restic('check', '--read-data')
        self.check_verified('files', 'data', 'keys')
        self.check_drill()
        self.check_as_files()
        self.check_restored()

    def test_killed_in_the_middle_of_a_stream(self):
        """No snapshot is truncated, no lock is left, and a resume ends it."""
        self.s3()
        killed = self.backup_until(
            'download', base.KILL, '--volume', 'plain', '--to', self.to
        )
        self.assertEqual(-base.KILL, killed.code)
        cloud.until(
            lambda: not self.restic('list', 'locks', '--no-lock').strip(),
            'restic ended',
        )
        self.assertEqual({}, self.snapshots('volume'))
        result = self.command('run', '--resume', 'last')
        self.assertOnly(self.before)
        self.assertIn('start anew', result.err)
        [one] = self.snapshots('volume')[self.plain.id]
        self.assertEqual(
            cloud.sha512(self.data['plain'], cloud.SMALL), self.hash_of(one)
        )


class Watched:
    """Looks for words in the arguments of all processes, all the time."""

    def __init__(self, *words):
        self.seen = []
        self.looks = 0
        self._words = [word.encode() for word in words]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.05):
            self.looks += 1
            for name in os.listdir('/proc'):
                if name.isdigit():
                    self._look_at(pathlib.Path('/proc', name, 'cmdline'))

    def _look_at(self, path):
        try:
            said = path.read_bytes()
            if any(word in said for word in self._words):
                self.seen.append(str(path))
        except OSError:
            # It has ended meanwhile.
            pass
