# SPDX-License-Identifier: Apache-2.0
"""The store in a remote of rclone, with the real program."""

import contextlib
import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import fixtures
import testtools

from backupclient import errors
from backupclient.model import layout
from backupclient.sets import catalogue
from backupclient.store.rclone import hashing
from backupclient.store.rclone import listing
from backupclient.tests.unit.store import contract
from backupclient.tests.unit.store import rclones

MIB = 1 << 20
SECRET = 'hunter2-of-the-tests'


class RcloneCase(testtools.TestCase):
    """A remote in a folder of the test."""

    def setUp(self):
        self.rclone = rclones.Rclone()
        self.made = 0
        super().setUp()

    def new_store(self):
        self.made += 1
        if self.made == 1:
            self.useFixture(self.rclone)
            self.configure()
        return rclones.open_store(f'remote:backups-{self.made}')

    def configure(self):
        self.root = self.rclone.folder / 'root'
        self.root.mkdir()
        self.rclone.remote('base', type='local')
        self.rclone.remote('remote', type='alias', remote=f'base:{self.root}')

    @property
    def here(self):
        """The folder of the newest store."""
        return self.root / f'backups-{self.made}'

    def again(self):
        """Open the same store as another process does."""
        return rclones.open_store(f'remote:backups-{self.made}')


class Case(RcloneCase):
    def setUp(self):
        super().setUp()
        self.store = self.new_store()
        self.store.begin(contract.RUN)
        self.path = self.here / contract.FILE

    def write(self, data, size=None):
        if not self.store.has(contract.RUN):
            self.store.begin(contract.RUN)
        with self.store.write(contract.FILE, size) as writer:
            for offset in range(0, len(data), MIB):
                writer.data(offset, data[offset : offset + MIB])
            writer.commit()

    def refused(self, function, *args, **options):
        error = self.assertRaises(
            errors.TargetError, function, *args, **options
        )
        return str(error)


class TestObjects(Case):
    def test_plain_files_with_the_layout_of_a_folder(self):
        data = os.urandom(3 * MIB)
        self.write(data, len(data))
        self.assertEqual(data, self.path.read_bytes())

    def test_last_block_waits_for_the_end(self):
        """What is there before is not whole by its size either."""
        data = os.urandom(2 * MIB)
        with self.store.write(contract.FILE, len(data)) as writer:
            writer.data(0, data[:MIB])
            writer.data(MIB, data[MIB:])
            time.sleep(0.5)
            found = self.path.stat().st_size if self.path.exists() else 0
            self.assertLessEqual(found, MIB)
            writer.commit()
        self.assertEqual(data, self.path.read_bytes())

    def test_nothing_is_left_of_what_was_not_committed(self):
        with self.store.write(contract.FILE, 9 * MIB) as writer:
            for offset in range(0, 8 * MIB, MIB):
                writer.data(offset, bytes(MIB))
        self.assertFalse(self.path.exists())

    def test_nothing_is_left_of_a_set_that_was_dropped(self):
        """Else its folder would look like an unfinished set for ever."""
        self.write(b'data')
        self.store.delete(contract.FILE)
        self.store.tidy(contract.RUN)
        self.assertTrue((self.here / contract.RUN).exists())
        self.store.drop(contract.RUN)
        self.assertFalse((self.here / contract.RUN).exists())
        self.assertEqual((), self.again().folders())
        self.store.drop(contract.RUN)

    def test_links_are_not_followed(self):
        self.write(b'data')
        elsewhere = self.root / 'elsewhere'
        elsewhere.mkdir()
        (elsewhere / 'x').write_bytes(b'precious')
        self.path.with_name('2.raw').symlink_to(elsewhere / 'x')
        (self.here / contract.RUN / 'keys').symlink_to(elsewhere)
        for path in ('volumes/2.raw', 'keys/x'):
            path = f'{contract.RUN}/{path}'
            self.refused(self.again().read(path).__enter__)
            self.assertIsNone(self.again().stat(path))
        paths = [each.path for each in self.store.list()]
        self.assertEqual([contract.FILE], paths)

    def test_one_list_answers_for_a_set(self):
        """A call for each of ten thousand files would take an hour."""
        for number in range(3):
            self.store.put(f'{contract.RUN}/secrets/{number}.bin', b'data')
        store = self.again()
        calls = []
        called = store._rclone.call
        store._rclone.call = lambda words, *args, **options: (
            calls.append(words) or called(words, *args, **options)
        )
        for number in range(3):
            found = store.stat(f'{contract.RUN}/secrets/{number}.bin')
            self.assertEqual(4, found.size)
        self.assertEqual(1, len(calls))

    def test_own_set_is_asked_for_anew(self):
        """A run deletes data in the cloud because their file is there."""
        self.write(b'data')
        self.assertIsNotNone(self.store.stat(contract.FILE))
        self.path.unlink()
        self.assertIsNone(self.store.stat(contract.FILE))

    def test_sets_are_found_with_one_call(self):
        for number in range(3):
            run = f'2026010{number + 1}T000000Z-abcd'
            self.store.begin(run)
            self.store.put(f'{run}/{layout.MARKER}', b'{}')
            if number:
                self.store.put(f'{run}/{layout.MANIFEST}', b'{}')
        self.store.put(f'{run}/volumes/{layout.MANIFEST}', b'{}')
        self.assertEqual(
            ['finished', 'finished', 'unfinished'],
            [one.state for one in catalogue.runs(self.again())],
        )

    def test_room(self):
        self.assertGreater(self.store.free(), 0)

    def test_size_that_is_not_known(self):
        self.write(b'data' * MIB)
        self.assertEqual(4 * MIB, self.store.stat(contract.FILE).size)


class TestProof(Case):
    """What was stored is compared with what was sent."""

    def fake(self, script):
        """Put a program in the place of rclone that changes what it does."""
        real = rclones.path_of_rclone()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        program = folder / 'rclone'
        program.write_text(f'#!/bin/sh\nreal={real}\n{script}\n')
        program.chmod(0o755)
        self.rclone.set(PATH=f'{folder}:{os.environ["PATH"]}')
        self.store = self.again()

    def test_own_hash_of_the_remote(self):
        """Then nothing is read back."""
        self.fake(f'echo "$1" >>{self.root}/calls\nexec "$real" "$@"')
        self.write(b'data' * MIB, 4 * MIB)
        calls = (self.root / 'calls').read_text().split()
        self.assertIn('rcat', calls)
        self.assertNotIn('cat', calls)

    def test_remote_without_hashes(self):
        self.fake(
            f'echo "$1" >>{self.root}/calls\n'
            'case "$1" in backend) "$real" "$@" | tr -d "\\n" | '
            'sed \'s/"Hashes":[^]]*/"Hashes": [/\' ;;\n'
            '*) exec "$real" "$@" ;; esac'
        )
        self.write(b'data' * MIB, 4 * MIB)
        calls = (self.root / 'calls').read_text().split()
        self.assertIn('cat', calls)

    def test_changed_on_the_way(self):
        for options in ('', '--size 4194304'):
            with self.subTest(options):
                self.fake(
                    'case "$1" in rcat) tr d x | "$real" "$@" ;;\n'
                    '*) exec "$real" "$@" ;; esac'
                )
                size = 4 * MIB if options else None
                said = self.refused(self.write, b'data' * MIB, size)
                self.assertIn('was not kept as it was written', said)
                self.assertFalse(self.path.exists())

    def test_cut_off_on_the_way(self):
        self.fake(
            'case "$1" in rcat) shift 3; (head -c 100000; cat >/dev/null) |'
            ' "$real" rcat "$@" ;;\n*) exec "$real" "$@" ;; esac'
        )
        said = self.refused(self.write, b'data' * MIB, 4 * MIB)
        self.assertIn('bytes instead of', said)
        self.assertFalse(self.path.exists())
        said = self.refused(
            self.store.put, f'{contract.RUN}/keys/1.key', bytes(MIB)
        )
        self.assertIn('bytes instead of', said)
        self.assertEqual((), self.store.list())

    def test_older_one_is_kept_where_nothing_was_written(self):
        path = f'{contract.RUN}/{layout.MANIFEST}'
        self.store.put(path, b'older')
        self.fake(
            'case "$1" in rcat) echo "Failed to rcat: no room" >&2; exit 1 '
            ';;\n*) exec "$real" "$@" ;; esac'
        )
        said = self.refused(self.store.put, path, b'newer')
        self.assertIn('no room', said)
        self.assertEqual(b'older', (self.here / path).read_bytes())

    def test_ends_at_each_point(self):
        """Nothing is there, and it is said what the program said."""
        for point, script in (
            ('start', 'echo "Failed to rcat: oh no" >&2; exit 5'),
            ('middle', 'head -c 2000000 | "$real" "$@"; exit 5'),
            ('end', '"$real" "$@"; exit 5'),
            ('killed', '"$real" "$@" & sleep 0.3; kill -9 $!; kill -9 $$'),
        ):
            with self.subTest(point):
                self.fake(
                    f'case "$1" in rcat) {script} ;;\n'
                    '*) exec "$real" "$@" ;; esac'
                )
                error = self.assertRaises(
                    errors.TargetLost, self.write, bytes(64 * MIB), 64 * MIB
                )
                self.assertIn(self.store.name, str(error))
                self.assertIn('rclone ended with', str(error))
                self.assertFalse(self.path.exists())
                self.assertEqual((), self.store.list())

    def test_disk_full(self):
        """Neither a large file nor a small one is there in part."""
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', self.root],
            check=True,
        )
        self.addCleanup(subprocess.run, ['umount', self.root], check=True)
        self.store = self.again()
        self.write(b'data' * 9000)
        self.store.delete(contract.FILE)
        said = self.refused(self.write, os.urandom(9 * MIB), 9 * MIB)
        self.assertRegex(said, 'disk space|no space left')
        self.assertFalse(self.path.exists())
        path = f'{contract.RUN}/{layout.MANIFEST}'
        said = self.refused(self.store.put, path, os.urandom(3 * MIB))
        self.assertRegex(said, 'disk space|no space left')
        self.assertEqual((), self.again().list())

    def test_hangs(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                'backupclient.store.rclone.program.PATIENCE', 5.0
            )
        )
        self.fake(
            'case "$1" in rcat) sleep 300 ;;\n*) exec "$real" "$@" ;; esac'
        )
        said = self.refused(self.write, bytes(64 * MIB), 64 * MIB)
        self.assertIn('and was ended', said)
        self.assertFalse(self.path.exists())

    def test_reading_ends_early(self):
        self.write(b'data' * MIB, 4 * MIB)
        for script, word in (
            ('"$real" "$@" | head -c 100000', 'too early'),
            ('"$real" "$@" | head -c 100000; exit 7', 'exit code 7'),
        ):
            self.fake(
                f'case "$1" in cat) {script} ;;\n*) exec "$real" "$@" ;; esac'
            )
            with self.store.read(contract.FILE) as stream:
                stream.read(1000)
                self.assertIn(word, self.refused(stream.read, 4 * MIB))

    def test_list_that_is_not_complete(self):
        self.write(b'data')
        for code in (1, 3, 5):
            self.fake(
                f'case "$1" in lsjson) "$real" "$@"; exit {code} ;;\n'
                '*) exec "$real" "$@" ;; esac'
            )
            self.refused(self.store.list)
            self.refused(self.store.stat, contract.FILE)

    def test_hash_of_the_best_kind(self):
        for names, best in (
            (('md5', 'sha1', 'sha256'), 'sha256'),
            (('md5', 'quickxor'), 'md5'),
            (('quickxor',), 'sha512'),
            ((), 'sha512'),
        ):
            self.assertEqual(best, hashing.algorithm(names))
        self.assertEqual(
            hashlib.md5(b'x', usedforsecurity=False).hexdigest(),
            self.hexdigest('md5', b'x'),
        )

    def hexdigest(self, name, data):
        found = hashing.new(name)
        found.update(data)
        return found.hexdigest()


class TestKilled(Case):
    """This program ends without a word, at any point of a stream."""

    SCRIPT = textwrap.dedent("""
        import os, sys
        from backupclient.tests.unit.store import rclones
        store = rclones.open_store(sys.argv[1])
        if not store.has('20260131T235959Z-abcd'):
            store.begin('20260131T235959Z-abcd')
        with store.write(sys.argv[2], 32 << 20) as writer:
            for number in range(32):
                writer.data(number << 20, bytes(1 << 20))
                if number == int(sys.argv[3]):
                    os.kill(os.getpid(), 9)
    """)

    def test_no_whole_file(self):
        for at in (0, 1, 20, 31):
            with self.subTest(at):
                place = f'remote:backups-{self.made}'
                words = (place, contract.FILE, str(at))
                done = subprocess.run(
                    [sys.executable, '-c', self.SCRIPT, *words]
                )
                self.assertEqual(-signal.SIGKILL, done.returncode)
                self.until_nobody_writes()
                found = self.again().stat(contract.FILE)
                if found is not None:
                    self.assertLess(found.size, 32 * MIB)

    def until_nobody_writes(self):
        """The guard ends rclone."""
        end = time.monotonic() + 30
        while self.writers():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def writers(self):
        """Find the processes with the remote of this test."""
        marks = str(self.rclone.folder).encode()
        for file in pathlib.Path('/proc').glob('[0-9]*/environ'):
            with contextlib.suppress(OSError):
                command = file.with_name('cmdline').read_bytes()
                if marks in file.read_bytes() and b'rcat' in command:
                    return True
        return False


class TestSaid(Case):
    """What is not as it should be is said, before anything is made."""

    def test_program_is_missing(self):
        self.rclone.set(PATH=str(self.root))
        said = self.refused(self.again().require_writable)
        self.assertIn('rclone', said)
        self.assertIn('Install rclone 1.60 or newer', said)

    def test_program_is_too_old(self):
        program = self.root / 'rclone'
        program.write_text('#!/bin/sh\necho rclone v1.53.3-DEV\n')
        program.chmod(0o755)
        self.rclone.set(PATH=f'{self.root}:{os.environ["PATH"]}')
        said = self.refused(self.again().require_writable)
        self.assertIn('1.53.3', said)
        self.assertIn('too old', said)

    def test_remote_that_is_not_configured(self):
        store = rclones.open_store('nosuch:path')
        said = self.refused(store.require_writable)
        self.assertIn("no remote 'nosuch'", said)
        self.assertIn('base', said)
        self.assertIn('rclone config', said)

    def test_remote_that_does_not_answer(self):
        port = rclones.free_port()
        self.rclone.remote(
            'gone', type='webdav', url=f'http://127.0.0.1:{port}/'
        )
        said = self.refused(rclones.open_store('gone:x').require_writable)
        self.assertIn('connection refused', said)

    def test_configuration_that_is_encrypted(self):
        """rclone would ask for its password, and nobody is there."""
        (self.rclone.folder / 'rclone.conf').write_text(
            'RCLONE_ENCRYPT_V0:\nAAAA\n'
        )
        self.refused(self.again().require_writable)

    def test_storage_that_only_reads(self):
        self.rclone.remote('web', type='http', url='http://127.0.0.1:9/')
        store = rclones.open_store('web:x')
        self.refused(store.require_writable)

    def test_nothing_there_yet(self):
        """The folder is made with the first file."""
        store = rclones.open_store('remote:new/deep')
        store.require_writable()
        self.assertEqual((), store.folders())
        self.assertEqual((), catalogue.runs(store))

    def test_secrets_are_in_no_argument_and_no_message(self):
        """All options of a remote can be in the target itself."""
        port = rclones.free_port()
        spy = self.root / 'bin'
        spy.mkdir()
        program = spy / 'rclone'
        program.write_text(
            f'#!/bin/sh\necho "$@" >>{self.root}/arguments\n'
            f'env >>{self.root}/environments\n'
            f'exec {rclones.path_of_rclone()} "$@"\n'
        )
        program.chmod(0o755)
        self.rclone.set(
            PATH=f'{spy}:{os.environ["PATH"]}',
            OS_PASSWORD='of-the-cloud',
            RCLONE_EXCLUDE='*.raw',
            RCLONE_DRY_RUN='true',
        )
        store = rclones.open_store(
            f':webdav,url="http://ann:{SECRET}@127.0.0.1:{port}/",'
            f'bearer_token={SECRET}:x'
        )
        said = self.refused(store.require_writable)
        self.assertNotIn(SECRET, said + store.name)
        self.assertNotIn(SECRET, (self.root / 'arguments').read_text())
        known = (self.root / 'environments').read_text()
        self.assertIn(SECRET, known)
        for other in ('OS_PASSWORD', 'RCLONE_EXCLUDE', 'RCLONE_DRY_RUN'):
            self.assertNotIn(other, known)

    def test_no_configuration_is_written_for_a_nameless_remote(self):
        (self.rclone.folder / 'rclone.conf').unlink()
        place = self.root / 'nameless'
        store = rclones.open_store(f':local:{place}')
        store.begin(contract.RUN)
        store.put(contract.FILE, b'data')
        self.assertEqual(b'data', (place / contract.FILE).read_bytes())
        self.assertFalse((self.rclone.folder / 'rclone.conf').exists())


class TestListing(testtools.TestCase):
    def test_what_is_no_list(self):
        for output in (b'', b'{', b'{}', b'null', b'[1'):
            self.assertRaises(ValueError, listing.files, output, '')

    def test_document_without_a_size(self):
        """As of Google: there are no bytes to compare."""
        found, hashes = listing.file(
            b'{"Path":"a","Size":-1,"ModTime":"","IsDir":false}', 'x/a'
        )
        self.assertFalse(found.plain)
        self.assertEqual({}, hashes)

    def test_times(self):
        for text in (
            '2026-11-27T01:04:07.132402537+01:00',
            '2026-11-27T00:04:07Z',
        ):
            answer = f'{{"Size":1,"ModTime":"{text}","IsDir":false}}'
            found, _ = listing.file(answer.encode(), 'a')
            self.assertEqual(
                '2026-11-27T00:04:07+00:00', found.changed_at.isoformat()
            )
