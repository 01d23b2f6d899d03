# SPDX-License-Identifier: Apache-2.0
"""The machine's own faults: disks, streams, terminals, signals, clocks."""

import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess

from backupclient.model import layout
from backupclient.sets import check
from backupclient.store import localfolder
from backupclient.tests.functional import base
from backupclient.tests.functional import cases
from backupclient.tests.functional import machine

UPLOAD = r': copy the volume to an image$'
DOWNLOAD = r'\): download$'


class Machine:
    """Runs in the middle of which something happens."""

    def while_running(self, pattern, act, *arguments, code, **environment):
        """Run a backup, and do something when it says something."""
        process = self.begin(*arguments, **environment)
        said = []
        for line in process.stderr:
            said.append(line)
            if re.search(pattern, line):
                act()
                break
        out, err = process.communicate(timeout=300)
        result = base.Result(process.returncode, out, ''.join(said) + err)
        self.assertEqual(code, result.code, result)
        self.assertNotIn('Traceback', result.err)
        return result

    def begin(self, *arguments, **environment):
        process = subprocess.Popen(
            [base.OPENSTACK, 'backup', 'run', *arguments, '-f', 'json'],
            env={**self.tenant.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        return process

    def assertRow(self, outcome, result, text=''):
        [row] = result.rows
        self.assertEqual(outcome, row['Outcome'], result)
        self.assertIn(text, ' '.join(row['Notes']))

    @property
    def failed(self):
        """Where the sets are in which nothing is complete."""
        return self.target / layout.FAILED

    def state(self):
        """The folder of the journals of this test's commands."""
        return pathlib.Path(self.tenant.environment()['XDG_STATE_HOME'])

    def resume(self, result, code=0):
        return self.backup('--resume', result.run, code=code)


class TargetOfVolume(Machine, cases.VolumeImage):
    """It fails while a volume is on its way through an image."""

    shared = True
    large = True

    def setUp(self):
        super().setUp()
        self.disk = self.useFixture(machine.Disk(self.target, size='1200m'))

    def test_full_and_read_only(self):
        full = self.while_running(
            UPLOAD,
            lambda: self.disk.change(size='3m'),
            *self.command(),
            code=1,
        )
        self.assertRow('failed', full, 'No space left on device')
        self.assertNothingLeft()
        self.disk.change(size='1200m')
        self.assertEqual(
            (), check.check(localfolder.Folder(self.failed / full.run))
        )
        refused = self.while_running(
            UPLOAD, lambda: self.disk.change('-o', 'ro'), *self.command(),
            code=130,
        )  # fmt: skip
        self.assertRow('failed', refused, 'Read-only file system')
        self.assertIn('RESTORE.md cannot be written', refused.err)
        self.assertNothingLeft()
        self.disk.change('-o', 'rw')
        self.assertRow('failed', self.resume(refused, code=1))
        self.assertEqual(
            (), check.check(localfolder.Folder(self.failed / refused.run))
        )
        self.assertDone(self.backup(*self.command()))

    def test_gone(self):
        for act in (self.remove, self.unmount):
            gone = self.while_running(DOWNLOAD, act, *self.command(), code=130)
            self.assertRow('failed', gone, str(self.target))
            self.assertNothingLeft()
            self.assertEqual([], os.listdir(self.target))
            again = self.openstack('backup', 'run', '--resume', gone.run)
            self.assertEqual(1, again.code, again)
            self.assertIn(f'{gone.run}.partial', again.err)
        self.useFixture(machine.Disk(self.target, size='1200m'))
        self.assertDone(self.backup(*self.command()))

    def remove(self):
        self.await_bytes()
        shutil.rmtree(next(self.target.iterdir()))

    def unmount(self):
        self.await_bytes()
        self.disk.unmount()

    def await_bytes(self):
        machine.soon(
            lambda: any(
                file.stat().st_size for file in self.target.rglob('*.part')
            ),
            'the first bytes',
        )


class TargetOfImage(Machine, cases.ImageDownload):
    """It is full at a certain file: the inodes are counted."""

    def test_full_at_each_file(self):
        disk = self.useFixture(machine.Disk(self.target, size='512m'))
        # Itself, .partial, its marker, images, the data, RESTORE, SHA512SUMS,
        # manifest.
        for inodes, code, name in (
            (1, 1, '.partial'),
            (2, 1, 'in-progress.json'),
            (4, 130, '.raw'),
            (5, 130, 'RESTORE.md'),
            (7, 130, 'manifest.json'),
        ):
            disk.change(nr_inodes=inodes)
            full = self.backup(*self.command(), code=code)
            self.assertIn(f'{name} cannot be', full.err + full.out)
            self.assertIn('No space left on device', full.err + full.out)
            disk.change(nr_inodes=100)
            if code == 130:
                failed = inodes == 4
                done = self.resume(full, code=int(failed))
                target = self.failed if failed else self.target
                self.assertEqual(
                    (), check.check(localfolder.Folder(target / done.run))
                )
                if not failed:
                    self.assertDone(done)
            for folder in self.target.iterdir():
                shutil.rmtree(folder)
        self.assertDone(self.backup(*self.command()))


class StateOfImage(Machine, cases.ImageDownload):
    """The journal cannot be begun, gone on with, closed."""

    def test_full(self):
        disk = self.useFixture(machine.Disk(self.state(), size='64m'))
        before = disk.inodes()
        self.assertDone(self.backup(*self.command()))
        needed = disk.inodes() - before - 1
        for inodes, code in (
            (3, 1),
            (needed - 4, 1),
            (needed - 3, 130),
            (needed - 2, 130),
            (needed - 1, 0),
        ):
            used = disk.inodes()
            disk.change(nr_inodes=used + inodes)
            full = self.backup(*self.command(), code=code)
            self.assertIn('No space left on device', full.err)
            self.assertIn(str(self.state()), full.err)
            disk.change(nr_inodes=10000)
            if code == 1:
                self.assertEqual(used, disk.inodes())
                self.assertEqual(1, len(os.listdir(self.target)))
            else:
                self.assertDone(self.resume(full))


class StateOfVolume(Machine, cases.VolumeImage):
    """It fails while there is something temporary in the cloud."""

    shared = True

    def test_full_and_gone(self):
        disk = self.useFixture(machine.Disk(self.state(), size='64m'))
        full = self.while_running(
            UPLOAD,
            lambda: disk.change(nr_inodes=disk.inodes()),
            *self.command(),
            code=130,
        )
        self.assertIn('No space left on device', full.err)
        self.assertIsNone(re.search(DOWNLOAD, full.err, re.M), full)
        self.assertRow('skipped', full)
        self.assertNothingLeft()
        disk.change(nr_inodes=10000)
        self.assertDone(self.resume(full))
        gone = self.while_running(
            UPLOAD,
            lambda: shutil.rmtree(self.state() / 'openstack-backup'),
            *self.command(),
            code=130,
        )
        self.assertIn('No such file', gone.err)
        self.assertNothingLeft()

    def test_damaged(self):
        """The journals are of no use; the tags in the cloud are."""
        killed = self.backup_until(UPLOAD, base.KILL, *self.command())
        for file in self.state().rglob('*'):
            if file.is_file() and not file.is_symlink():
                os.truncate(file, file.stat().st_size // 2)
        again = self.openstack('backup', 'run', '--resume', killed.run)
        self.assertEqual(1, again.code, again)
        self.assertIn('run.json', again.err)
        self.assertIn('backup cleanup', again.err)
        last = self.openstack('backup', 'run', '--resume', 'last')
        self.assertEqual(2, last.code, last)
        self.assertIn(killed.run, last.err)
        cleaned = self.openstack('backup', 'cleanup', '--yes', '-f', 'json')
        self.assertEqual(0, cleaned.code, cleaned)
        self.assertEqual({killed.run}, {row['Run'] for row in cleaned.rows})
        self.assertNothingLeft()
        self.assertDone(self.backup(*self.command()))


class Streams(Machine, cases.SecretDownload):
    """Nobody listens: the run does its work, and says how by its exit."""

    def test_each(self):
        words = [base.OPENSTACK, 'backup', 'run', *map(str, self.command())]
        for line, said in (
            ('"$@" >&-', 'Bad file descriptor'),
            ('"$@" >/dev/full', 'No space left on device'),
            ('"$@" | head -c 0', ''),
            ('"$@" 2>&-', ''),
            ('"$@" 2>/dev/full', ''),
            ('"$@" 2>&1 >/dev/null | head -c 0', ''),
            ('"$@" <&- >&- 2>&-', ''),
        ):
            done = subprocess.run(
                ['bash', '-c', f'set -o pipefail; {line}', 'bash', *words],
                env=self.tenant.environment(),
                capture_output=True,
                text=True,
                timeout=300,
            )
            self.assertEqual(0, done.returncode, (line, done))
            self.assertIn(said, done.stderr, line)
            for word in 'Traceback', 'roken pipe':
                self.assertNotIn(word, done.stderr)
            [folder] = self.target.iterdir()
            self.assertEqual((), check.check(localfolder.Folder(folder)), line)
            self.assertEqual(
                'complete', check.read(localfolder.Folder(folder)).state.value
            )
            shutil.rmtree(folder)
        self.assertNothingLeft()


class Terminal(Machine, cases.VolumeImage):
    """It is closed while the run goes on."""

    shared = True

    def close(self, *prefix):
        """Start a run on a terminal of its own, and close that.

        :returns: the exit code.
        """
        ours, theirs = pty.openpty()
        words = [base.OPENSTACK, 'backup', 'run', *map(str, self.command())]
        process = subprocess.Popen(
            ['setsid', '--ctty', *prefix, *words],
            env={**self.tenant.environment(), 'TERM': 'xterm'},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self.addCleanup(process.kill)
        os.close(theirs)
        said = b''
        with os.fdopen(ours, 'rb', buffering=0) as terminal:
            while b'copy the volume' not in said:
                said += terminal.read(1024)
        return process.wait(timeout=300)

    def test_closed(self):
        self.assertEqual(130, self.close())
        self.assertNothingLeft()
        self.assertDone(self.backup('--resume', 'last'))

    def test_closed_below_nohup(self):
        """Who ignores the signal goes on without a terminal."""
        code = self.close('sh', '-c', 'trap "" HUP; exec "$@"', 'sh')
        self.assertEqual(0, code)
        self.assertNothingLeft()
        [folder] = self.target.iterdir()
        self.assertEqual((), check.check(localfolder.Folder(folder)))
        self.assertEqual(
            'complete', check.read(localfolder.Folder(folder)).state.value
        )


class Signals(Machine, cases.VolumeImage):
    """Once: in order; twice: at once. Ctrl-C is in test_interruption."""

    def test_once_and_twice(self):
        process = self.begin(*self.command())
        said = self.signal(process, signal.SIGTERM)
        once = base.Result(process.returncode, *said)
        self.assertEqual(130, once.code, once)
        self.assertRow('skipped', once)
        self.assertNothingLeft()
        process = self.begin('--resume', once.run)
        out, err = self.signal(process, signal.SIGHUP, signal.SIGTERM)
        self.assertEqual(130, process.returncode, err)
        self.assertIn('Quit at once', err)
        self.assertNotIn('undo: ', err.partition('Quit at once')[2])
        self.assertEqual('', out)
        self.assertDone(self.resume(once))

    def signal(self, process, *numbers):
        """Send signals when the upload has begun, one by one."""
        said = []
        patterns = [UPLOAD, *['Stopping: '] * len(numbers)]
        for line in process.stderr:
            said.append(line)
            if numbers and re.search(patterns[0], line):
                process.send_signal(numbers[0])
                numbers, patterns = numbers[1:], patterns[1:]
        out, err = process.communicate(timeout=300)
        return out, ''.join(said) + err


class Clock(Machine, cases.VolumeImage):
    """The clock on the wall jumps by years; what took how long is right."""

    def test_forward_and_back(self):
        clock = self.useFixture(machine.Clock())
        for years in (10, -10):
            clock.jump(0)
            done = self.while_running(
                UPLOAD,
                lambda years=years: clock.jump(years),
                *self.command(),
                code=0,
                **clock.environment,
            )
            self.assertDone(done)
            [row] = done.rows
            self.assertLess(0, row['Seconds'])
            self.assertGreater(300, row['Seconds'])
            manifest = check.read(localfolder.Folder(self.target / done.run))
            ahead = int(manifest.finished_at[:4]) - int(
                manifest.created_at[:4]
            )
            self.assertIn(ahead - years, (-1, 0, 1))
