# SPDX-License-Identifier: Apache-2.0
"""Two runs on one volume, and several volumes in too little quota."""

import subprocess
import threading
import time

from backupclient.tests.functional import base
from backupclient.tests.functional import cases
from backupclient.tests.functional import cloud
from backupclient.tests.functional.faults import judge

_NO_LIMITS = dict.fromkeys(
    ('backups', 'gigabytes', 'gigabytes_plain', 'snapshots', 'volumes'), -1
)


class Meeting:
    """A second run comes while the first one works on the same volume."""

    line = ''
    shared = True
    large = True

    def second(self, **environment):
        """Start two runs; the second one when the first is under way."""
        first = subprocess.Popen(
            [base.OPENSTACK, 'backup', 'run', *self.words(), '-f', 'json'],
            env=self.tenant.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = ''
        while self.line not in said:
            said += first.stderr.readline()
        done = subprocess.run(
            [base.OPENSTACK, 'backup', 'run', *self.words(), '-f', 'json'],
            env={**self.tenant.environment(), **environment},
            capture_output=True,
            text=True,
            timeout=900,
        )
        out, err = first.communicate(timeout=900)
        ended = base.Result(first.returncode, out, said + err)
        self.assertEqual(0, ended.code, ended)
        return ended, base.Result(done.returncode, done.stdout, done.stderr)

    def words(self):
        return [str(each) for each in self.command()]

    def check(self, **environment):
        first, second = self.second(**environment)
        self.assertEqual(1, second.code, second)
        [row] = second.rows
        self.assertEqual('skipped', row['Outcome'], second)
        self.assertIn(f'Run {first.run} is working on it', row['Notes'][0])
        self.assertDone(first)

    def test_on_one_machine(self):
        self.check()

    def test_on_two_machines(self):
        self.check(XDG_STATE_HOME=str(self.target / 'elsewhere'))


class MeetingOfVolumeImages(Meeting, cases.VolumeImage):
    line = ': copy the volume to an image'


class MeetingOfSnapshotImages(Meeting, cases.SnapshotImage):
    line = ': take a snapshot'


class MeetingOfBackups(Meeting, cases.VolumeBackup):
    line = ': back up'


class Quotas(base.TestCase):
    """Two attached volumes, and room for the work on one at a time."""

    shared = True

    def make(self):
        self.data = {name: cloud.content() for name in ('one', 'two')}
        volumes = [
            self.tenant.volume(name, data) for name, data in self.data.items()
        ]
        image = self.tenant.image('root', cloud.content(1))
        self.tenant.server('guest', image=image, volumes=volumes)
        self.before = self.tenant.settled()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.limit, **_NO_LIMITS)

    def limit(self, **quotas):
        self.tenant.admin.block_storage.update_quota_set(
            self.tenant.project.id, **quotas
        )

    def words(self):
        return (
            '--volume', 'one', '--volume', 'two', '--to', self.target
        )  # fmt: skip

    def most_volumes(self, over):
        """Look how many volumes there are at a time, until it is over."""
        most = 0
        while not over.is_set():
            most = max(
                most, len(list(self.tenant.conn.block_storage.volumes()))
            )
            time.sleep(0.2)
        self.most = most

    def test_one_after_the_other(self):
        for quotas in (
            {'gigabytes': 4},
            {'gigabytes_plain': 4},
            {'snapshots': 1},
            {'volumes': 3},
        ):
            self.limit(**_NO_LIMITS | quotas)
            over = threading.Event()
            looking = threading.Thread(target=self.most_volumes, args=[over])
            looking.start()
            try:
                result = self.backup(*self.words())
            finally:
                over.set()
                looking.join()
            self.assertEqual(3, self.most, quotas)
            self.assertOnly(self.before)
            folder = self.backup_set(result)
            for row in result.rows:
                self.assertEqual('complete', row['Outcome'], result)
                original = judge.Original(self.data[row['Name']], cloud.SMALL)
                self.assertTrue(original.is_in(folder / row['Result']))

    def test_what_cannot_fit_is_skipped(self):
        self.limit(gigabytes=3)
        result = self.backup(*self.words(), code=1)
        for row in result.rows:
            self.assertEqual('skipped', row['Outcome'], result)
            self.assertIn('gigabytes: 2 needed, 1 free', row['Notes'][0])
        self.assertOnly(self.before)

    def test_backups(self):
        self.limit(backups=1)
        result = self.backup('--volume', 'one', '--volume', 'two', code=3)
        outcomes = {row['Outcome']: row for row in result.rows}
        self.assertEqual({'complete', 'skipped'}, set(outcomes))
        self.assertIn('backups: 2 needed', outcomes['skipped']['Notes'][0])
        self.assertOnly(
            self.before, f'backups/{outcomes["complete"]["Result"]}'
        )
