# SPDX-License-Identifier: Apache-2.0
"""What killed runs leave, and that cleanup takes away that and no more."""

import datetime
import os
import pty
import re
import subprocess

import fixtures

from backupclient import clocks
from backupclient.cloud import door
from backupclient.cloud import inventory
from backupclient.model import leases
from backupclient.model import tags
from backupclient.operations import cleanup
from backupclient.operations import leftovers
from backupclient.osc import progress
from backupclient.tests.functional import base
from backupclient.tests.functional import cases


class KilledIn:
    """One run that is killed in each step, cleaned up, and resumed."""

    def test_each_step(self):
        command = self.command()
        for title in self.titles():
            killed = self.backup_until(
                rf': {re.escape(title)}$', base.KILL, *command
            )
            self.assertEqual(-base.KILL, killed.code, f'{title}: {killed}')
            cleaned = self.openstack(
                'backup', 'cleanup', '--yes', '-f', 'json', '--run', killed.run
            )
            self.assertEqual(0, cleaned.code, f'{title}: {cleaned}')
            for row in cleaned.rows:
                self.assertEqual('deleted', row['Action'], cleaned)
                self.assertEqual(killed.run, row['Run'], cleaned)
            if not self.stays:
                self.assertNothingLeft()
            command = ('--resume', killed.run)
        # It begins anew, or finds the backup that Cinder has finished.
        self.assertDone(self.backup(*command))


class KilledInSnapshotImage(KilledIn, cases.SnapshotImage):
    pass


class KilledInVolumeBackup(KilledIn, cases.VolumeBackup):
    pass


class KilledInServerImage(KilledIn, cases.ServerImage):
    pass


class Cleanup(cases.SnapshotImage):
    """Whose things they are, and who is asked."""

    shared = True

    def make(self):
        super().make()
        self.mine = self.tenant.image(
            'backupclient-of-mine', b'x', **{tags.ROLE: 'temporary'}
        )

    def setUp(self):
        super().setUp()
        self.killed = self.backup_until(
            ': copy the volume to an image$', base.KILL, *self.command()
        )

    def cleanup(self, *arguments, code=0, **environment):
        environment = {**self.tenant.environment(), **environment}
        done = subprocess.run(
            [
                base.OPENSTACK,
                'backup',
                'cleanup',
                *arguments,
                '-f',
                'json',
            ],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=600,
        )
        result = base.Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(code, result.code, result)
        return result

    def kinds(self, result):
        return {(row['Kind'], row['Action']) for row in result.rows}

    def test_look_ask_delete(self):
        looked = self.cleanup('--dry-run')
        self.assertLessEqual(
            {('volume', 'delete'), ('snapshot', 'delete')}, self.kinds(looked)
        )
        self.assertEqual(
            {self.killed.run}, {row['Run'] for row in looked.rows}
        )
        self.assertIn('--yes', self.cleanup(code=2).err)
        young = self.cleanup('--dry-run', '--older-than', '1h')
        self.assertEqual([], young.rows)
        said = self.openstack('backup', 'run', '--volume', 'data')
        self.assertIn(f'({self.killed.run})', said.err)
        self.assertIn('backup cleanup', said.err)
        [backup] = self.tenant.conn.block_storage.backups()
        self.discard(backup.id)
        self.assertIn(b'Delete what is listed', self.at_a_terminal(b'n\n'))
        self.assertEqual(
            self.kinds(looked), self.kinds(self.cleanup('--dry-run'))
        )
        self.assertIn(b'deleted', self.at_a_terminal(b'y\n'))
        self.assertNothingLeft()
        self.assertEqual([], self.cleanup('--yes').rows)

    def at_a_terminal(self, answer):
        """Answer the question as a person does; give all that was said."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, 'r+b', buffering=0) as terminal:
            process = subprocess.Popen(
                [base.OPENSTACK, 'backup', 'cleanup'],
                env=self.tenant.environment(),
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            os.close(theirs)
            terminal.write(answer)
            out, _ = process.communicate(timeout=600)
        self.assertEqual(0, process.returncode, out)
        return out

    def test_from_another_machine(self):
        """The lease tells: alive for a while, and dead then."""
        elsewhere = {'XDG_STATE_HOME': str(self.target / 'elsewhere')}
        kept = self.cleanup('--yes', **elsewhere)
        self.assertEqual({'keep'}, {row['Action'] for row in kept.rows})
        self.assertIn('is alive on', kept.err)
        self.assertEqual(
            self.kinds(self.cleanup('--dry-run', **elsewhere)),
            self.kinds(kept),
        )
        self.useFixture(
            fixtures.EnvironmentVariable('XDG_STATE_HOME', str(self.target))
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.model.leases.LIFETIME', datetime.timedelta()
            )
        )
        self.assertEqual(datetime.timedelta(), leases.LIFETIME)
        system = clocks.SystemClock()
        there = door.connect(self.tenant.conn, system)
        found = leftovers.survey(there, inventory.read_leftovers(there))
        gone = cleanup.remove(there, system, found, progress.Lines())
        self.assertEqual({'deleted'}, {one.action.value for one in gone})
        self.assertNothingLeft()

    def test_not_while_the_run_is_alive(self):
        """Resumed in another process, it is not disturbed."""
        resumed = subprocess.Popen(
            [
                base.OPENSTACK,
                'backup',
                'run',
                '--resume',
                'last',
                '-f',
                'json',
            ],
            env=self.tenant.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = resumed.stderr.readline() + resumed.stderr.readline()
        kept = self.cleanup('--yes')
        self.assertLessEqual({row['Action'] for row in kept.rows}, {'keep'})
        out, err = resumed.communicate(timeout=900)
        result = base.Result(resumed.returncode, out, said + err)
        self.assertEqual(0, result.code, result)
        self.assertDone(result)
