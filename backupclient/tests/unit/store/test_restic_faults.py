# SPDX-License-Identifier: Apache-2.0
"""What a repository holds when something fails, with the real restic."""

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time

import fixtures
import testtools

from backupclient import errors
from backupclient.model import addresses
from backupclient.store.restic import repos
from backupclient.store.restic import staging
from backupclient.store.restic import store as restic
from backupclient.store.restic import streams
from backupclient.store.restic import troubles
from backupclient.tests.unit.store import repositories

RUN = '20260131T235959Z-abcd'
FILE = f'{RUN}/volumes/1.raw'
MIB = 1 << 20
# Starts restic at once, and is more than a pipe holds.
DATA = os.urandom(3 * MIB)


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.repository = self.useFixture(repositories.Repository())
        self.store = self.repository.store()
        self.store.begin(RUN)

    def write(self, data=DATA, path=FILE):
        with self.store.write(path, len(data)) as writer:
            writer.data(0, data)
            writer.commit()

    def content(self, path=FILE):
        with self.repository.store().read(path) as stream:
            return stream.read(1 << 30)

    def refused(self, function, *args):
        error = self.assertRaises(errors.TargetError, function, *args)
        self.assertIn(self.store.name, str(error))
        return str(error)

    def assert_nothing(self):
        """No snapshot counts, for nobody; restic has let its lock go."""
        for store in (self.store, self.repository.store()):
            self.assertIsNone(store.stat(FILE))
            self.assertEqual((), store.list(RUN))
        locks = self.restic('list', 'locks', '--no-lock')
        self.assertEqual(b'', locks.strip())

    def restic(self, *words, **options):
        return repositories.restic(self.repository.place, *words, **options)

    def program(self, script):
        """Put a program before the real one."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        real = shutil.which('restic')
        path = folder / 'restic'
        path.write_text(f'#!/bin/sh\n{script.format(real=real)}\n')
        path.chmod(0o755)
        self.useFixture(
            fixtures.EnvironmentVariable('PATH', f'{folder}:/usr/bin:/bin')
        )
        return folder

    def be_patient(self, seconds):
        """While the repository is locked, and while restic does nothing."""
        for name in ('LOCK_PATIENCE', 'BUSY_PATIENCE'):
            self.useFixture(
                fixtures.MonkeyPatch(f'{repos.__name__}.{name}', seconds)
            )

    @staticmethod
    def process(writer):
        """The process that is fed."""
        child = writer._new.feed._child
        while not child._heard.endswith(b'\n'):
            child._has_report()
        return int(child._heard.split()[1])


class TestStream(Case):
    def test_restic_is_killed(self):
        with self.store.write(FILE, 9 * MIB) as writer:
            writer.data(0, DATA)
            os.kill(self.process(writer), signal.SIGKILL)
            said = self.refused(self.until_refused, writer)
        self.assertIn('signal 9', said)
        # Its lock goes as soon as the next one waits for it.
        self.restic('unlock')
        self.assert_nothing()

    def until_refused(self, writer):
        for offset in range(3 * MIB, 9 * MIB, MIB):
            writer.data(offset, DATA[:MIB])
        writer.commit()

    def test_restic_hangs(self):
        with self.store.write(FILE, 90 * MIB) as writer:
            writer.data(0, DATA)
            os.kill(self.process(writer), signal.SIGSTOP)
            # Not before: on a busy machine the start of restic takes longer.
            child = writer._new.feed._child
            child._how = dataclasses.replace(child._how, patience=0.5)
            said = self.refused(self.feed_all, writer)
        self.assertIn('did nothing', said)
        self.assert_nothing()

    def feed_all(self, writer):
        for offset in range(3 * MIB, 90 * MIB, 3 * MIB):
            writer.data(offset, DATA)

    def test_fails_at_the_start(self):
        self.program(
            'case "$1" in backup) echo broken >&2; exit 1;; esac\n'
            'exec {real} "$@"'
        )
        self.assertIn('broken', self.refused(self.write))
        self.assertIn('broken', self.refused(self.store.put, FILE, b'x'))
        self.assert_nothing()

    def test_fails_in_the_middle(self):
        """With an exit code, after a part of what it is fed."""
        self.program(
            'case "$*" in *--stdin-filename*volumes*)'
            ' head -c 2000000 >/dev/null; echo broken >&2; exit 1;; esac\n'
            'exec {real} "$@"'
        )
        said = self.refused(self.write, os.urandom(20 * MIB))
        self.assertIn('broken', said)
        self.assert_nothing()

    def test_fails_at_the_end(self):
        """After its work; nobody can know what it stored."""
        self.program(
            '{real} "$@" || exit\n'
            'case "$*" in *--stdin-filename*volumes*)'
            ' echo broken >&2; exit 3;; esac'
        )
        self.assertIn('broken', self.refused(self.write))
        self.assert_nothing()

    def test_stores_less_than_it_was_fed(self):
        self.program(
            'case "$*" in *--stdin-filename*volumes*)'
            ' head -c 2000000 >$0.cut; cat >/dev/null;'
            ' exec {real} "$@" <$0.cut;; esac\nexec {real} "$@"'
        )
        said = self.refused(self.write)
        self.assertIn('2,000,000 bytes', said)
        self.assert_nothing()

    def test_the_caller_fails(self):
        for error in (ZeroDivisionError, KeyboardInterrupt):
            with contextlib.suppress(error), self.store.write(FILE) as writer:
                writer.data(0, DATA)
                raise error
            self.assert_nothing()

    def test_disk_full(self):
        """A repository in so little memory as it takes without the data."""
        place = self.repository.place
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', place],
            check=True,
        )
        self.addCleanup(subprocess.run, ['umount', place], check=True)
        shutil.copytree(
            repositories.Repository.template(),
            place,
            ignore=lambda folder, names: {'cache'} & set(names),
            dirs_exist_ok=True,
        )
        said = self.refused(self.store.require_writable)
        self.assertIn('bytes free. Make room', said)
        said = self.refused(self.write, os.urandom(20 * MIB))
        self.assertIn('no space left', said)
        self.assertIsNone(self.repository.store().stat(FILE))


WRITER = """
    import sys, time
    from backupclient.model import addresses
    from backupclient.store.restic import store
    it = store.Restic(addresses.Address(addresses.Scheme.RESTIC, {place!r}))
    it.begin({run!r})
    it.put({run!r} + '/secrets/1.bin', b'payload')
    with it.write({file!r}, {size}) as writer:
        for at in range(0, {fed}, 1 << 20):
            writer.data(at, bytes([at >> 20]) * min(1 << 20, {fed} - at))
        print('fed', flush=True)
        if {fed} < {size}:
            time.sleep(99)
        writer.commit()
        print('stored', flush=True)
    time.sleep(99)
"""


class TestKilled(Case):
    """This program is killed, at each point of a stream."""

    def kill_after(self, word, fed, size=5 * MIB):
        code = textwrap.dedent(WRITER).format(
            place=str(self.repository.place),
            run=RUN,
            file=FILE,
            fed=fed,
            size=size,
        )
        with subprocess.Popen(
            [sys.executable, '-c', code],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        ) as process:
            for line in process.stdout:
                if line.strip() == word:
                    break
            else:
                raise AssertionError('it has ended')
            process.kill()
        deadline = time.monotonic() + 30
        while self.restic('list', 'locks', '--no-lock').strip():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_within_the_stream(self):
        for fed in (0, MIB, MIB + 1, 2 * MIB, 5 * MIB - 1):
            self.kill_after(b'fed', fed)
            self.assert_nothing()

    def test_before_the_end(self):
        """All was fed, and the last block is held back; or all is there."""
        self.kill_after(b'fed', 5 * MIB)
        found = self.repository.store().stat(FILE)
        if found is not None:
            self.assertEqual(5 * MIB, len(self.content()))

    def test_behind_the_end(self):
        self.kill_after(b'stored', 5 * MIB)
        self.assertEqual(
            b''.join(bytes([each]) * MIB for each in range(5)), self.content()
        )

    def test_small_files_are_swept(self):
        self.kill_after(b'fed', 0)
        [left] = staging.found()
        self.assertEqual(0o700, left.stat().st_mode & 0o777)
        held = staging.Staging()
        self.addCleanup(held.close)
        held.put('keys/1.key', b'key')
        self.repository.store()
        self.assertEqual([held.folder], list(staging.found()))


class TestLocked(Case):
    def test_said_by_whom(self):
        holder = self.repository.lock()
        self.be_patient(1.0)
        for call in (
            self.store.require_writable,
            self.write,
            lambda: self.store.put(f'{RUN}/keys/1.key', b'key'),
        ):
            error = self.assertRaises(troubles.Locked, call)
            self.assertIn(str(holder.pid), str(error))
            self.assertIn('Wait until that has ended', str(error))
        # To read takes no lock.
        self.assertIsNone(self.repository.store().stat(FILE))

    def test_goes_away_meanwhile(self):
        """A stream waits, and loses nothing of what was fed already."""
        holder = self.repository.lock()
        writing = threading.Thread(target=self.write)
        writing.start()
        time.sleep(1.0)
        holder.send_signal(signal.SIGCONT)
        writing.join()
        self.assertEqual(DATA, self.content())

    def test_of_a_dead_process(self):
        holder = self.repository.lock()
        holder.kill()
        holder.wait()
        self.store.require_writable()
        self.write()
        self.assertEqual(DATA, self.content())

    def test_deletion_while_somebody_backs_up(self):
        """Of a run that is not finished, it does not count from then on."""
        self.be_patient(0.5)
        self.write()
        other = f'{RUN[:-4]}efgh'
        self.store.begin(other)
        with self.store.write(f'{other}/volumes/2.raw') as writer:
            writer.data(0, DATA)
            self.store.delete(FILE)
            self.assertIsNone(self.repository.store().stat(FILE))
            self.store.drop(RUN)
            writer.commit()
        self.assertEqual((), self.repository.store().list(RUN))

    def test_marker_of_a_run_that_ends_while_somebody_backs_up(self):
        """It does not count from then on, as without the lock."""
        self.be_patient(0.5)
        for _ in range(2):
            self.store.put(f'{RUN}/in-progress.json', b'{}')
        other = f'{RUN[:-4]}efgh'
        self.store.begin(other)
        with self.store.write(f'{other}/volumes/2.raw') as writer:
            writer.data(0, DATA)
            self.store.delete(f'{RUN}/in-progress.json')
            writer.commit()
        self.assertEqual((), self.repository.store().list(RUN))


class TestRequired(Case):
    """What is said before anything is made."""

    def other(self, place, name=None):
        del name
        return restic.Restic(
            addresses.Address(addresses.Scheme.RESTIC, str(place))
        )

    def test_missing_repository(self):
        store = self.other(self.repository.place.parent / 'none')
        error = self.assertRaises(errors.TargetError, store.require_writable)
        self.assertIn('is no repository, or cannot be reached', str(error))
        said = str(error)
        self.assertIn('Look at the address. Only if you want a new', said)
        self.assertIn('no such file or directory. Look', said)
        self.assertNotIn('Is there a repository', said)
        self.assertIn('"restic init"', said)

    def test_address_of_a_set(self):
        """There is nothing to make: the repository is the place above."""
        place = self.repository.place
        store = self.other(place / RUN)
        error = self.assertRaises(errors.TargetError, store.require_writable)
        self.assertIn(
            f'{RUN} looks like a run: name the repository, ', str(error)
        )
        self.assertTrue(str(error).endswith(f'{place}.'), error)
        self.assertNotIn('restic init', str(error))

    def test_not_reached(self):
        store = self.other('rest:http://me:hidden-pw@127.0.0.1:1/')
        error = self.assertRaises(errors.TargetError, store.require_writable)
        self.assertIn('connection refused', str(error))
        self.assertIn('whether its server answers', str(error))
        self.assertNotIn('restic init', str(error))
        self.assertNotIn('hidden-pw', str(error))

    def test_no_address(self):
        store = self.other('sftp:x')
        error = self.assertRaises(errors.TargetError, store.require_writable)
        self.assertIn('invalid format', str(error))
        self.assertIn('Look at the address', str(error))
        self.assertNotIn('restic init', str(error))

    def test_wrong_password(self):
        self.useFixture(
            fixtures.EnvironmentVariable('RESTIC_PASSWORD', 'something')
        )
        said = self.refused(self.store.require_writable)
        self.assertIn('does not take the password', said)

    def test_no_password(self):
        self.useFixture(fixtures.EnvironmentVariable('RESTIC_PASSWORD'))
        said = self.refused(self.store.require_writable)
        self.assertIn('set RESTIC_PASSWORD_FILE', said)

    def test_missing_program(self):
        self.useFixture(
            fixtures.EnvironmentVariable('PATH', str(self.repository.place))
        )
        error = self.assertRaises(
            errors.TargetError, self.store.require_writable
        )
        self.assertIn('Install restic', str(error))

    def test_passwords_go_by_environment(self):
        folder = self.program(
            'echo "$*" >>$0.words; env >>$0.env; exec {real} version'
        )
        store = self.other('rest:https://me:hidden-pw@127.0.0.1:1/')
        self.assertRaises(errors.TargetError, store.require_writable)
        words = (folder / 'restic.words').read_text()
        variables = (folder / 'restic.env').read_text()
        self.assertIn('snapshots', words)
        self.assertNotIn('hidden-pw', words)
        self.assertIn(
            'RESTIC_REPOSITORY=rest:https://me:hidden-pw@', variables
        )
        self.assertNotIn('hidden-pw', store.name)


class TestCounts(Case):
    """Of a finished run, only what the manifest counts on."""

    def stray(self, path, data=b'stray'):
        """A snapshot as a killed process may leave it."""
        self.restic(
            'backup', '--stdin', '--stdin-filename', path,
            '--tag', f'backupclient,run={RUN},volume=1,data,size={len(data)}',
            input=data,
        )  # fmt: skip

    def finish(self):
        for name in ('RESTORE.md', 'SHA512SUMS', 'manifest.json'):
            self.store.put(f'{RUN}/{name}', b'text of %s' % name.encode())

    def test_stray_snapshots(self):
        self.store.put(f'{RUN}/in-progress.json', b'{}')
        self.write(b'data')
        self.finish()
        self.stray('volumes/1.raw')
        self.stray('volumes/2.raw')
        store = self.repository.store()
        self.assertEqual(b'data', self.content())
        self.assertIsNone(store.stat(f'{RUN}/volumes/2.raw'))
        self.assertEqual(
            ['RESTORE.md', 'SHA512SUMS', 'manifest.json', 'volumes/1.raw'],
            [each.path.removeprefix(f'{RUN}/') for each in store.list(RUN)],
        )
        self.assertEqual(
            b'text of SHA512SUMS', self.content(f'{RUN}/SHA512SUMS')
        )
        self.assertEqual(frozenset({RUN}), store.folders_with('manifest.json'))

    def test_no_marker_stays(self):
        """A long run writes it again, and so may a later process.

        Otherwise a set that has lost its manifest would look unfinished.
        """
        self.write(b'data')
        for store in (self.store, self.repository.store()):
            for _ in range(2):
                store.put(f'{RUN}/in-progress.json', b'{}')
        self.finish()
        self.store.delete(f'{RUN}/in-progress.json')
        (found,) = self.bundles()
        self.restic('forget', found)
        store = self.repository.store()
        self.assertIsNone(store.stat(f'{RUN}/in-progress.json'))
        self.assertEqual(
            ['volumes/1.raw'],
            [each.path.removeprefix(f'{RUN}/') for each in store.list(RUN)],
        )

    def bundles(self):
        """The IDs of the snapshots with a manifest."""
        found = json.loads(self.restic('snapshots', '--json', '--no-lock'))
        return [one['id'] for one in found if 'files' in one['tags']]

    def test_time_of_the_capture(self):
        """By it, restic's own forget keeps what its rules say."""
        at = datetime.datetime(
            2026, 1, 2, 4, 4, 5,
            tzinfo=datetime.timezone(datetime.timedelta(hours=1)),
        )  # fmt: skip
        with self.store.dated(at).write(FILE) as writer:
            writer.data(0, b'data')
            writer.commit()
        self.assertEqual(b'data', self.content())
        [snapshot] = json.loads(self.restic('snapshots', '--json'))
        self.assertTrue(snapshot['time'].startswith('2026-01-02T03:04:05'))

    def test_snapshots_of_others(self):
        self.restic('backup', '--stdin', input=b'x')
        self.restic('backup', '--stdin', '--tag', 'backupclient', input=b'x')
        self.restic('backup', '--stdin', '--tag', f'run={RUN}', input=b'x')
        self.assertEqual((), self.repository.store().list())

    def test_deleted_meanwhile(self):
        """No manifest counts on what somebody has forgotten."""
        self.write(b'data')
        [snapshot] = self.store._contents.every(RUN)
        self.restic('forget', snapshot.id)
        said = self.refused(self.finish)
        self.assertIn('deleted meanwhile', said)
        self.assertEqual(
            frozenset(),
            self.repository.store().folders_with('manifest.json'),
        )

    def test_results_of_verifications_come_later(self):
        self.write(b'data')
        self.finish()
        path = f'{RUN}/verified/20260201T000000Z.json'
        store = self.repository.store()
        store.put(path, b'{"good": 1}')
        self.assertEqual(b'{"good": 1}', self.content(path))
        store.delete(path)
        self.assertIsNone(self.repository.store().stat(path))

    def test_dropped(self):
        """Nothing of the run is left, and nothing of others is touched."""
        self.restic('backup', '--stdin', input=b'x')
        self.write()
        self.finish()
        store = self.repository.store()
        for each in store.list(RUN):
            store.delete(each.path)
        store.drop(RUN)
        store.reclaim()
        self.assertFalse(self.repository.store().has(RUN))
        self.assertEqual(1, self.restic('snapshots', '--json').count(b'"id"'))
        self.restic('check', '--read-data')

    def test_damage(self):
        """It is told apart from what may go away."""
        self.write()
        for pack in (self.repository.place / 'data').rglob('*'):
            if pack.is_file() and pack.stat().st_size > MIB:
                pack.chmod(0o600)
                with pack.open('r+b') as file:
                    file.seek(1000)
                    file.write(b'damaged')
        error = self.assertRaises(errors.TargetError, self.content)
        self.assertIsInstance(error.__cause__, OSError)
        self.assertIn('is damaged', str(error))

    def test_first_bytes_fit_into_what_is_sent_again(self):
        """While restic waits for its lock, less than that leaves here."""
        with self.store.write(FILE) as writer:
            writer.data(0, bytes(streams.FIRST + 1))
            os.kill(self.process(writer), signal.SIGSTOP)
            sent = 0
            feed = writer._new.feed._child._feed
            with contextlib.suppress(BlockingIOError):
                while True:
                    sent += feed.send(bytes(4096))
            self.assertLess(sent, streams.FIRST)
