# SPDX-License-Identifier: Apache-2.0
"""Programs that run: real ones, of the shell."""

import contextlib
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
from backupclient.store.programs import child
from backupclient.store.programs import ending
from backupclient.store.programs import guard
from backupclient.store.programs import starting

PATH = {'PATH': os.environ['PATH']}
SOON = 10.0

# Writes what it is fed, and says how that ended.
EATER = """
trap 'echo interrupted >>{folder}/end; exit 130' INT
exec 3<&0
cat <&3 >{folder}/fed &
wait $!
echo whole >>{folder}/end
"""


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def start(self, script, patience=SOON, grace=SOON, **options):
        how = starting.How('it', ('geheim',), self.folder, grace, patience)
        return child.Child(['/bin/sh', '-c', script], PATH, how, **options)

    def run_script(self, script, limit=SOON):
        with self.start(script) as started:
            return started.require_done(limit)

    def until(self, condition):
        for _ in range(1000):
            if found := condition():
                return found
            time.sleep(0.01)
        raise AssertionError('it does not happen')

    def text(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ''


def is_there(process):
    """Tell whether a process lives; one that nobody waited for does not."""
    try:
        stat = pathlib.Path(f'/proc/{process}/stat').read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(')')[2].split()[0] != 'Z'


class TestEnd(Case):
    def test_well(self):
        ended = self.run_script('pwd; echo more >&2')
        self.assertEqual(
            ending.Ended(0, f'{self.folder}\n'.encode(), 'more'), ended
        )

    def test_failure(self):
        """It is quoted, in one line, without passwords and escapes."""
        error = self.assertRaises(
            ending.ProgramFailed,
            self.run_script,
            'printf "\\033[2KFatal: https://me:pw@host/ is gone\\n" >&2;'
            'echo "(geheim)" >&2; exit 3',
        )
        self.assertEqual(
            'it ended with exit code 3: Fatal: https://me@host/ is gone (***)',
            str(error),
        )
        self.assertEqual(3, error.ended.code)

    def test_by_a_signal(self):
        error = self.assertRaises(
            ending.ProgramFailed, self.run_script, 'kill -9 $$'
        )
        self.assertEqual('it ended with signal 9', str(error))

    def test_not_there(self):
        how = starting.How('it')
        error = self.assertRaises(
            errors.TargetError, child.run, ['/nowhere/it'], PATH, how, SOON
        )
        self.assertIn('No such file or directory', str(error))
        gone = starting.How('it', folder=self.folder / 'gone')
        error = self.assertRaises(
            errors.TargetError, child.run, ['/bin/true'], PATH, gone, SOON
        )
        self.assertIn('it cannot be started', str(error))

    def test_not_within_the_limit(self):
        error = self.assertRaises(
            ending.ProgramSilent, self.run_script, 'echo hm >&2; sleep 99', 0.5
        )
        self.assertIn('within 0.5 s', str(error))
        self.assertIn('hm', str(error))

    def test_writes_too_much(self):
        """What is left of a list could pass for a shorter one."""
        self.useFixture(fixtures.MonkeyPatch(f'{child.__name__}._MOST', 5))
        self.assertEqual(b'12345', self.run_script('printf 12345').out)
        error = self.assertRaises(
            errors.TargetError, self.run_script, 'printf 123456'
        )
        self.assertIn('it has written more than', str(error))

    def test_says_a_lot(self):
        ended = self.run_script(
            'head -c 3000000 /dev/zero | tr "\\0" x >&2; echo end >&2; echo o'
        )
        self.assertEqual(b'o\n', ended.out)
        self.assertTrue(ended.said.endswith('xxxend'))
        self.assertLess(len(ended.said), 100_000)

    def test_environment(self):
        self.useFixture(fixtures.EnvironmentVariable('OS_PASSWORD', 'secret'))
        ended = self.run_script('env')
        self.assertNotIn(b'OS_', ended.out)

    def test_is_in_a_session_of_its_own(self):
        ended = self.run_script('ps -o sid= -p $$')
        self.assertNotEqual(os.getsid(0), int(ended.out))

    def test_nothing_is_left_open(self):
        self.run_script('true')
        before = os.listdir('/proc/self/fd')
        with self.start('cat', fed=True) as started:
            started.send(b'data')
        self.assertRaises(ending.ProgramFailed, self.run_script, 'exit 1')
        self.assertEqual(before, os.listdir('/proc/self/fd'))


class TestFed(Case):
    def eater(self, **options):
        return self.start(
            EATER.format(folder=self.folder), fed=True, **options
        )

    def test_whole(self):
        data = os.urandom(5 << 20)
        with self.eater() as started:
            started.send(data[:7])
            started.send(memoryview(data)[7:])
            started.end_stream()
            started.require_done()
        self.assertEqual(data, (self.folder / 'fed').read_bytes())
        self.assertEqual('whole\n', self.text('end'))

    def test_never_ends_by_itself(self):
        """Whoever leaves without ending it, interrupts the program."""
        for error in (None, ZeroDivisionError):
            with contextlib.suppress(ZeroDivisionError), self.eater() as it:
                it.send(b'data')
                self.until(lambda: self.text('fed') == 'data')
                if error:
                    raise error
            self.assertEqual('interrupted\n', self.text('end'))
            for name in ('fed', 'end'):
                (self.folder / name).unlink(missing_ok=True)

    def test_ends_too_early(self):
        with self.start('exit 0', fed=True) as started:
            error = self.assertRaises(
                ending.ProgramFailed, self.send_forever, started
            )
        self.assertIn('exit code 0', str(error))

    def test_dies_in_the_middle(self):
        with self.start(
            'head -c 3000000 >/dev/null; echo full >&2; exit 1', fed=True
        ) as started:
            error = self.assertRaises(
                ending.ProgramFailed, self.send_forever, started
            )
        self.assertIn('exit code 1: full', str(error))

    def test_takes_nothing(self):
        with self.start('sleep 99', fed=True, patience=0.3) as started:
            error = self.assertRaises(
                ending.ProgramSilent, self.send_forever, started
            )
        self.assertIn('it did nothing for', str(error))

    def send_forever(self, started):
        while True:
            started.send(bytes(1 << 20))


class TestStopped(Case):
    def test_children_too(self):
        """Also those that went into a group of their own."""
        script = f"""
            set -m; sleep 98 & echo $! >{self.folder}/own; set +m
            sleep 99 & echo $! >{self.folder}/same
            echo $$ >{self.folder}/it; wait
        """
        with self.start(script):
            self.until(lambda: self.text('it').endswith('\n'))
            for name in ('own', 'same', 'it'):
                self.assertTrue(is_there(int(self.text(name))), name)
        for name in ('own', 'same', 'it'):
            self.assertFalse(is_there(int(self.text(name))), name)

    def test_deaf(self):
        with self.start(
            f'trap "" INT; echo >{self.folder}/on; while :; do sleep 1; done',
            grace=0.3,
        ) as started:
            self.until(lambda: self.text('on'))
            started.stop()
            error = self.assertRaises(
                ending.ProgramFailed, started.require_done
            )
        self.assertIn('signal 9', str(error))

    def test_before_it_has_a_group(self):
        """Stopped at once, it gets the interrupt.

        Without a shell: dash can lose one while it forks.
        """
        how = starting.How('it', folder=self.folder, grace=SOON)
        for _ in range(5):
            with child.Child(['/bin/sleep', '99'], PATH, how) as started:
                pass
            self.assertEqual(-signal.SIGINT, started.wait(0).code)

    def test_halted(self):
        """It can still remove its lock."""
        script = f"""
            trap 'echo >{self.folder}/let-go; exit 130' INT
            echo $$ >{self.folder}/on; while :; do sleep 0.1; done
        """
        with self.start(script) as started:
            process = int(self.until(lambda: self.text('on')))
            os.kill(process, signal.SIGSTOP)
            started.stop()
        self.assertEqual('\n', self.text('let-go'))


FEEDER = """
    import os, signal, sys, time
    from backupclient.store.programs import child, starting
    started = child.Child(
        ['/bin/sh', '-c', {script!r}], {path!r}, starting.How('it'), fed=True
    )
    started.send({data!r})
    print(started._guard.pid, flush=True)
    time.sleep(99)
"""


class TestKilled(Case):
    """The program is never told that a stream has ended which has not."""

    def feeder(self, data):
        script = 'echo $$ >{folder}/it\n' + EATER
        code = FEEDER.format(
            script=script.format(folder=self.folder), path=PATH, data=data
        )
        process = subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(code)],
            stdout=subprocess.PIPE,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        guarding = int(process.stdout.readline())
        self.until(lambda: self.text('fed') == data.decode())
        return process, guarding, int(self.until(lambda: self.text('it')))

    def require_interrupted(self, process):
        self.until(lambda: self.text('end'))
        self.until(lambda: not is_there(process))
        self.assertEqual('interrupted\n', self.text('end'))

    def test_this_program(self):
        for data in (b'', b'data', b'x' * 100_000):
            feeding, guarding, process = self.feeder(data)
            feeding.kill()
            self.require_interrupted(process)
            self.until(lambda guard=guarding: not is_there(guard))
            for name in ('it', 'fed', 'end'):
                (self.folder / name).unlink(missing_ok=True)

    def test_guard(self):
        with self.start(EATER.format(folder=self.folder), fed=True) as started:
            started.send(b'data')
            self.until(lambda: self.text('fed') == 'data')
            os.kill(started._guard.pid, signal.SIGKILL)
            self.until(lambda: self.text('end'))
            self.assertRaises(ending.ProgramFailed, started.send, b'more')
        self.assertEqual('interrupted\n', self.text('end'))

    def test_both(self):
        feeding, guarding, process = self.feeder(b'data')
        os.kill(guarding, signal.SIGKILL)
        feeding.kill()
        self.require_interrupted(process)


class TestRead(Case):
    def read(self, script, size=1 << 19, **options):
        found, buffer = b'', bytearray(size)
        with self.start(script, is_read=True, **options) as started:
            while count := started.read_into(buffer):
                found += buffer[:count]
        return found

    def test_all(self):
        data = os.urandom(3 << 20)
        (self.folder / 'data').write_bytes(data)
        self.assertEqual(data, self.read('cat data'))
        self.assertEqual(data, self.read('cat data', 100_000))
        self.assertEqual(b'', self.read('true'))

    def test_fails_in_the_middle(self):
        """What has come is not taken for all."""
        error = self.assertRaises(
            ending.ProgramFailed, self.read, 'echo data; echo hm >&2; exit 1'
        )
        self.assertIn('hm', str(error))

    def test_gives_nothing(self):
        self.assertRaises(
            ending.ProgramSilent, self.read, 'echo x; sleep 99', patience=0.3
        )

    def test_left_early(self):
        """What would never end is interrupted."""
        with self.start('exec cat /dev/zero', is_read=True) as started:
            started.read_into(bytearray(10))
        self.assertEqual(-signal.SIGINT, started.wait(0).code)


class TestGuard(testtools.TestCase):
    def test_starts_with_the_standard_library_alone(self):
        code = f"""
            import runpy, sys
            runpy.run_path({guard.__file__!r})
            late = {{'backupclient', 'subprocess', 'threading'}}
            print(late & set(sys.modules))
        """
        done = subprocess.run(
            [sys.executable, '-I', '-S', '-c', textwrap.dedent(code)],
            capture_output=True,
            check=True,
        )
        self.assertEqual(b'set()\n', done.stdout)
