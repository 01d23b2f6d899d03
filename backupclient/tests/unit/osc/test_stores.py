# SPDX-License-Identifier: Apache-2.0
"""Servers of backups, read and pruned without a cloud, by a new machine.

The runs write to what is served, and not through the servers: that takes most
of the time, and the functional tests do it.
"""

import collections
import datetime
import os

import fixtures

from backupclient.store import targets
from backupclient.store.restic import repos
from backupclient.tests.unit import fake_clock
from backupclient.tests.unit.fake_cloud import cloud as fake_cloud
from backupclient.tests.unit.osc import base
from backupclient.tests.unit.store import rclones
from backupclient.tests.unit.store import repositories

LARGE = os.urandom(3 << 20)
"""What restic keeps as a snapshot of its own."""

SMALL = b'small' * 999


class Later(fake_clock.FakeClock):
    """Days later."""

    days = 0

    def now(self):
        return super().now() + datetime.timedelta(days=self.days)


class OverStores:
    """The subclass makes a place, and a server that gives it by the network.

    :ivar written: the place as the runs name it.
    :ivar place: how the other machine does.
    """

    def setUp(self):
        super().setUp()
        self.rclone = self.useFixture(rclones.Rclone())
        self.served = self.rclone.folder / 'served'
        self.serve()
        self.fake.cinder.add_volume('data', LARGE)
        self.fake.glance.add_image('small', SMALL)
        self.fake.barbican.add_secret('word', b'\x00payload')

    def _make_clock(self):
        return Later(self.stop_at)

    def call(self, *words, code=0):
        """Run a command as another process does."""
        targets.forget()
        return self.rows(*words, code=code)

    def back_up(self):
        """Make two backups of all, a day apart."""
        for days in range(2):
            self.useFixture(
                fixtures.MonkeyPatch(f'{__name__}.Later.days', days)
            )
            rows = self.call(
                'run', '--all', '--to', self.written, '--plaintext-keys'
            )
            self.assertEqual(
                {'complete'}, {row['Outcome'] for row in rows}, rows
            )
            self.assertEqual(3, len(rows))

    def go_elsewhere(self):
        """Go to a machine without a login that never saw the runs."""
        for name in fake_cloud.ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name))
        for name in ('state', 'cache', 'config'):
            self.useFixture(
                fixtures.EnvironmentVariable(
                    f'XDG_{name.upper()}_HOME', str(self.root / f'new-{name}')
                )
            )
        home = self.root / 'home'
        home.mkdir()
        self.useFixture(fixtures.EnvironmentVariable('HOME', str(home)))
        self.fake.seen.clear()

    def history(self):
        return self.call('history', '--from', self.place)

    def test_without_a_cloud(self):
        self.back_up()
        self.go_elsewhere()
        rows = self.history()
        self.assertEqual(
            {'image small': 2, 'secret word': 2, 'volume data': 2},
            collections.Counter(
                f'{row["Kind"]} {row["Name"]}' for row in rows
            ),
        )
        self.assertEqual({'complete'}, {row['State'] for row in rows})
        old, new = sorted({row['Run'] for row in rows})
        self.check_verified(new, 'keys')
        self.check_as_files()
        rows = self.call(
            *('prune', '--from', self.place, '--keep-last', '1', '--yes')
        )
        self.assertEqual(
            {('keep', new): 3, ('deleted', old): 3},
            collections.Counter((row['Action'], row['Run']) for row in rows),
        )
        rows = self.history()
        self.assertEqual(
            {(new, 'keys'): 3},
            collections.Counter(
                (row['Run'], row['Verified'].split()[0]) for row in rows
            ),
        )
        self.check_verified(new, 'files')
        self.assertEqual([], self.fake.seen)

    def check_verified(self, run, depth):
        rows = self.call('verify', run, '--from', self.place, '--depth', depth)
        self.assertEqual(3, len(rows))
        self.assertEqual({'good'}, {row['Result'] for row in rows})

    def check_as_files(self):
        out = self.root / 'out'
        rows = self.call(
            *('restore', '--from', self.place, '--all', '--to-files', out)
        )
        self.assertEqual({'complete'}, {row['Outcome'] for row in rows})
        found = {
            row['Name']: (out / row['Restored']).read_bytes() for row in rows
        }
        self.assertEqual(
            {'data': LARGE, 'small': SMALL, 'word': b'\x00payload'}, found
        )


class RestTestCase(OverStores, base.TestCase):
    def serve(self):
        self.repository = self.useFixture(repositories.Repository())
        port = self.rclone.serve('restic', self.repository.place)
        login = f'{rclones.USER}:{rclones.PASSWORD}'
        self.written = f'restic:{self.repository.place}'
        self.place = f'restic:rest:http://{login}@127.0.0.1:{port}/'

    def test_without_a_cloud(self):
        super().test_without_a_cloud()
        # A wrong password shows nothing.
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD', 'wrong')
        )
        targets.forget()
        code = self.openstack('backup', 'history', '--from', self.place)
        self.assertEqual(1, code)
        self.assertIn('password', self.err.said)

    def test_locked(self):
        """Who holds the lock is said before anything is made."""
        holder = self.repository.lock()
        self.useFixture(
            fixtures.MonkeyPatch(f'{repos.__name__}.LOCK_PATIENCE', 1.0)
        )
        code = self.openstack('backup', 'run', '--all', '--to', self.place)
        self.assertEqual(1, code)
        self.assertIn(f'process {holder.pid} of', self.err.said)
        self.assertEqual([], self.fake.asked('POST', 'PUT', 'DELETE'))


class WebdavTestCase(OverStores, base.TestCase):
    def serve(self):
        self.served.mkdir()
        self.rclone.webdav('dav', self.served)
        self.written = self.served / 'backups'
        self.place = 'rclone:dav:backups'


class SftpTestCase(OverStores, base.TestCase):
    def serve(self):
        self.served.mkdir()
        self.rclone.sftp('ssh', self.served)
        self.written = self.served / 'backups'
        self.place = 'rclone:ssh:/backups'
