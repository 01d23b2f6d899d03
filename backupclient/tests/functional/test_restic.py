# SPDX-License-Identifier: Apache-2.0
"""A project in a restic repository, and back: byte by byte."""

import hashlib
import json
import os
import pathlib
import subprocess
import threading

import fixtures

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge

PASSWORD = 'never-in-an-argument-4711'
WORD = b'\x00\xff\n'


class Repository(base.TestCase):
    """A new repository, and one project of one of each kind."""

    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD', PASSWORD)
        )
        self.useFixture(
            fixtures.EnvironmentVariable(
                'RESTIC_CACHE_DIR', str(self.target / 'cache')
            )
        )
        self.repository = self.target / 'repository'
        self.restic('init')
        self.to = f'restic:{self.repository}'

    def restic(self, *words):
        """Call restic as a person does."""
        done = subprocess.run(
            ['restic', '-r', str(self.repository), *words],
            check=True,
            capture_output=True,
        )
        return done.stdout

    def dump(self, path):
        """Read the newest file of a path with restic alone."""
        return self.restic('dump', '--path', f'/{path}', 'latest', f'/{path}')

    def hash_of(self, snapshot):
        """Hash the only file of a snapshot with restic alone."""
        words = ['dump', snapshot['id'], *snapshot['paths']]
        with subprocess.Popen(
            ['restic', '-r', str(self.repository), *words],
            stdout=subprocess.PIPE,
        ) as process:
            found = hashlib.sha512()
            while block := process.stdout.read(1 << 20):
                found.update(block)
        self.assertEqual(0, process.returncode)
        return found.hexdigest()

    def snapshots(self, kind):
        """The snapshots of a kind, by the IDs of what they hold."""
        found = {}
        for one in json.loads(self.restic('snapshots', '--json')):
            tags = dict(t.split('=') for t in one['tags'] if '=' in t)
            if kind in tags and 'key' not in one['tags']:
                found.setdefault(tags[kind], []).append(one)
        return found


class Everything(Repository):
    """One run, and all that is done with its set."""

    def setUp(self):
        super().setUp()
        tenant = self.tenant
        self.data = {
            name: cloud.content() for name in ('plain', 'luks', 'image')
        }
        self.plain = tenant.volume('plain', self.data['plain'])
        self.luks = tenant.encrypted_volume('luks', self.data['luks'])
        self.image = tenant.image('image', self.data['image'])
        self.server = tenant.server('guest', image=self.image)
        self.secret = tenant.secret('word', 'opaque', WORD)
        self.small = tenant.image('small', b'small' * 99)
        self.before = tenant.census()

    def test_there_and_back(self):
        """One backup for all: it takes most of the time."""
        with Watched(PASSWORD) as watched:
            made = self.backup('--all', '--to', self.to, '--plaintext-keys')
        self.assertOnly(self.before)
        self.assertEqual({'complete'}, {row['Outcome'] for row in made.rows})
        self.assertGreater(watched.looks, 10)
        self.assertEqual([], watched.seen)
        self.check_by_restic(made)
        self.check_nothing_is_said(made)
        for depth in ('files', 'data', 'keys'):
            self.check_verified(depth, '--all')
        self.check_verified('restore', '--volume', 'plain')
        self.check_as_files()
        self.check_restored()

    def check_by_restic(self, made):
        """The program's own reading agrees, without this one."""
        self.restic('check', '--read-data')
        self.assertEqual(b'', self.restic('list', 'locks').strip())
        [one] = self.snapshots('volume')[self.plain.id]
        self.assertEqual(
            cloud.sha512(self.data['plain'], cloud.GIB), self.hash_of(one)
        )
        self.assertEqual(
            self.data['image'], self.dump(f'images/{self.image.id}.raw')
        )
        self.assertEqual([f'/volumes/{self.plain.id}.raw'], one['paths'])
        self.assertLessEqual(
            {'backupclient', f'run={made.run}', f'volume={self.plain.id}'},
            {*one['tags']},
        )
        key = self.dump(f'keys/volume-{self.luks.id}.key')
        self.assertEqual(64, len(key))
        every = json.loads(self.restic('snapshots', '--json'))
        # Of each volume, the server, the large image and the key, and one of
        # what is small.
        self.assertEqual(6, len(every), [one['tags'] for one in every])
        [small] = [one for one in every if 'files' in one['tags']]
        manifest = json.loads(
            self.restic('dump', small['id'], '/manifest.json')
        )
        self.assertEqual(made.run, manifest['run'])
        self.assertEqual(
            WORD,
            self.restic('dump', small['id'], f'/secrets/{self.secret}.bin'),
        )
        self.manifest = json.dumps(manifest)

    def check_nothing_is_said(self, made):
        """The password is in nothing that stays, or that is shown."""
        self.assertNotIn(PASSWORD, made.out + made.err + self.manifest)
        for path in pathlib.Path(self.tenant.state).rglob('*'):
            if path.is_file():
                self.assertNotIn(PASSWORD.encode(), path.read_bytes(), path)

    def check_verified(self, depth, *selection):
        result = self.openstack(
            'backup', 'verify', '--from', self.to, '--depth', depth,
            *selection, '-f', 'json',
        )  # fmt: skip
        self.assertEqual(0, result.code, result)
        self.assertEqual(
            {('good', depth)}
            if selection == ('--volume', 'plain')
            else {'good'},
            {(row['Result'], row['Depth']) for row in result.rows}
            if selection == ('--volume', 'plain')
            else {row['Result'] for row in result.rows},
            result,
        )

    def check_as_files(self):
        """Without a cloud."""
        folder = self.target / 'files'
        result = self.openstack(
            'backup', 'restore', '--from', self.to, '--all', '--to-files',
            folder, '--decrypt', '-f', 'json',
        )  # fmt: skip
        self.assertEqual(0, result.code, result)
        files = {row['Name']: folder / row['Restored'] for row in result.rows}
        self.assertTrue(
            judge.Original(self.data['plain'], cloud.GIB).is_in(files['plain'])
        )
        for name in ('luks', 'image'):
            data = self.data[name]
            self.assertEqual(
                cloud.sha512(data), cloud.sha512_of(files[name], len(data))
            )
        self.assertEqual(WORD, files['word'].read_bytes())
        self.assertEqual(b'small' * 99, files['small'].read_bytes())

    def check_restored(self):
        """Into another project."""
        self.tenant.clear()
        other = self.useFixture(cloud.Tenant())
        done = self.openstack(
            'backup', 'restore', '--from', self.to, '--all', '-f', 'json',
            tenant=other,
        )  # fmt: skip
        self.assertEqual(0, done.code, done)
        new = {
            (row['Kind'], row['Name']): row['Restored'] for row in done.rows
        }
        file = self.target / 'restored.raw'
        cloud.devcloud('read-volume', new['volume', 'plain'], file)
        self.assertTrue(
            judge.Original(self.data['plain'], cloud.GIB).is_in(file)
        )
        self.assertTrue(
            other.conn.block_storage.get_volume(
                new['volume', 'luks']
            ).is_encrypted
        )
        image = other.conn.image.get_image(new['image', 'image'])
        self.assertEqual(cloud.sha512(self.data['image']), image.hash_value)
        payload = other.conn.key_manager.get(
            f'/secrets/{new["secret", "word"]}/payload',
            headers={'Accept': 'application/octet-stream'},
        )
        self.assertEqual(WORD, payload.content)


class Killed(Repository):
    def test_in_the_middle_of_a_stream(self):
        """No snapshot is truncated, no lock is left, and a resume ends it."""
        data = cloud.content()
        volume = self.tenant.volume('plain', data)
        before = self.tenant.census()
        killed = self.backup_until(
            'download', base.KILL, '--volume', 'plain', '--to', self.to
        )
        self.assertEqual(-base.KILL, killed.code)
        cloud.until(
            lambda: not self.restic('list', 'locks', '--no-lock').strip(),
            'restic ended',
        )
        result = self.openstack(
            'backup', 'run', '--resume', 'last', '-f', 'json'
        )
        self.assertEqual(0, result.code, result)
        self.assertOnly(before)
        self.assertIn('start anew', result.err)
        [one] = self.snapshots('volume')[volume.id]
        self.assertEqual(cloud.sha512(data, cloud.GIB), self.hash_of(one))


class Watched:
    """Looks for a word in the arguments of all processes, all the time."""

    def __init__(self, word):
        self.seen = []
        self.looks = 0
        self._word = word.encode()
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
            if self._word in path.read_bytes():
                self.seen.append(str(path))
        except OSError:
            # It has ended meanwhile.
            pass
