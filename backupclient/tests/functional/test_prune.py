# SPDX-License-Identifier: Apache-2.0
"""Old backups of a real cloud: chains in Cinder, and sets in a folder."""

import re
import signal
import subprocess

from backupclient.tests.functional import base
from backupclient.tests.functional import cloud

KEEP = ('--keep-last', '1', '--yes')


class TestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.volume = self.tenant.volume('data', cloud.content(1))

    def made(self, *words):
        """Back the volume up; return the ID of the artifact, or the run."""
        result = self.backup('--volume', 'data', *words)
        return result if '--to' in words else result.rows[0]['Result']

    def prune(self, *words, code=0):
        result = self.openstack('backup', 'prune', *words, '-f', 'json')
        self.assertEqual(code, result.code, result)
        return result.rows

    def kill_at(self, number, *words):
        """Kill the command as soon as it tells of so many deletions."""
        process = subprocess.Popen(
            [base.OPENSTACK, 'backup', 'prune', *map(str, words)],
            env=self.tenant.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in process.stderr:
            number -= bool(re.search('delete ', line))
            if not number:
                process.send_signal(signal.SIGKILL)
                break
        process.communicate(timeout=300)
        self.assertEqual(-signal.SIGKILL, process.returncode)


class Chains(TestCase):
    def backups(self):
        return {
            one.id: one.status
            for one in self.tenant.conn.block_storage.backups()
        }

    def settled(self):
        """What is there when nothing is being deleted any more."""
        cloud.until(
            lambda: set(self.backups().values()) <= {'available'}, 'settled'
        )
        return set(self.backups())

    def test_chains(self):
        old = [self.made(), self.made(), self.made()]
        new = [self.made('--full'), self.made()]
        storage = self.tenant.conn.block_storage
        self.assertEqual(
            [False, True, True, False, True],
            [storage.get_backup(id_).is_incremental for id_ in (*old, *new)],
        )
        rows = self.prune('--keep-last', '1', '--dry-run')
        self.assertEqual(
            ['keep', 'keep', 'delete', 'delete', 'delete'],
            [row['Action'] for row in rows],
        )
        self.assertIn('needs it', rows[1]['Reasons'][0])
        self.assertEqual({*old, *new}, self.settled())

        # Nothing builds on what goes first. A kill leaves a shorter chain.
        self.kill_at(2, *KEEP)
        left = self.settled()
        self.assertNotIn(old[2], left)
        self.assertLessEqual({old[0], *new}, left)

        rows = self.prune(*KEEP)
        self.assertEqual({*new}, self.settled())
        self.assertLessEqual(
            {'keep', 'deleted'}, {row['Action'] for row in rows}
        )
        # The manifests say the same, also to another machine.
        self.tenant.forget_runs()
        result = self.openstack('backup', 'history', '-f', 'json')
        self.assertEqual(0, result.code, result)
        self.assertEqual(2, len(result.rows), result)
        rows = self.prune(*KEEP)
        self.assertEqual(['keep', 'keep'], [row['Action'] for row in rows])

        # The parent of the kept incremental one is the one that it needs.
        result = self.openstack(
            *('backup', 'restore', '--volume', 'data', '--suffix=-again'),
            *('-f', 'json'),
        )
        self.assertEqual(0, result.code, result)


class Sets(TestCase):
    def test_sets(self):
        runs = [
            self.made('--to', self.target, '--volume-method', 'image').run
            for _ in range(3)
        ]
        rows = self.prune(
            '--from', self.target, '--keep-last', '1', '--dry-run'
        )
        self.assertEqual(runs[::-1], [row['Run'] for row in rows])
        self.kill_at(1, '--from', self.target, *KEEP)
        self.assertIn(runs[2], self.left())
        self.prune('--from', self.target, *KEEP)
        self.assertEqual([runs[2]], self.left())
        result = self.openstack(
            'backup', 'verify', '--from', self.target, '-f', 'json'
        )
        self.assertEqual(0, result.code, result)

    def left(self):
        return sorted(path.name for path in self.target.iterdir())
