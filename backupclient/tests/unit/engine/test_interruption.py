# SPDX-License-Identifier: Apache-2.0

import os
import signal
import subprocess
import sys
import textwrap

import fixtures
import testtools

from backupclient.tests import hearing

PROGRAM = textwrap.dedent("""\
    import signal
    import sys
    import time
    from backupclient import clocks
    from backupclient import errors
    from backupclient.engine import interruption

    class Reporter:
        def warn(self, text):
            if 'stuck' in sys.argv:
                time.sleep(60)
            if 'slow' in sys.argv:
                time.sleep(0.5)
            print(text, flush=True)

        def leave(self, text):
            self.warn('Leaving: ' + text)

    if 'nohup' in sys.argv:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    clock = clocks.SystemClock()
    with interruption.orderly(clock, Reporter()):
        print('ready', flush=True)
        try:
            clock.sleep(60)
        except errors.Interrupted:
            print('undoing', flush=True)
            with clock.stop.shielded():
                if 'long' in sys.argv:
                    clock.sleep(60)
    print('after', flush=True)
    """)


class SignalsTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(hearing.Hearing())

    def _start(self, *args):
        process = subprocess.Popen(
            [sys.executable, '-c', PROGRAM, *args],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual('ready\n', process.stdout.readline())
        return process

    def test_once(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self._start()
            process.send_signal(number)
            said, _ = process.communicate(timeout=60)
            self.assertEqual(0, process.returncode)
            self.assertIn('undoing', said)
            self.assertIn('Stopping', said)
            self.assertIn('after', said)

    def test_what_is_said_is_waited_for(self):
        """Else Python ends while a thread writes, and aborts."""
        process = self._start('slow')
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode)
        self.assertIn('Stopping', said)

    def test_not_for_long(self):
        """A terminal may be stuck."""
        process = self._start('stuck')
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        self.assertEqual((0, 'undoing\nafter\n'), (process.returncode, said))

    def test_twice(self):
        process = self._start('long')
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline() + process.stdout.readline()
        self.assertIn('undoing', said)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        self.assertEqual(130, process.returncode)
        self.assertNotIn('after', rest)
        self.assertIn('Leaving: Quit at once;', rest)
        self.assertIn('run --resume last', rest)
        self.assertIn('backup cleanup', rest)

    def test_twice_with_a_stuck_terminal(self):
        """It leaves, whether it can say so or not."""
        process = self._start('long', 'stuck')
        process.send_signal(signal.SIGINT)
        self.assertEqual('undoing\n', process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        self.assertEqual((130, ''), (process.returncode, rest))

    def test_ignored_stays_ignored(self):
        process = self._start('nohup')
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(0, process.returncode)
        self.assertEqual(1, said.count('Stopping'))
        self.assertIn('after', said)

    def _started(self, code, *args):
        """Start a changed program, which is ready for a signal then."""
        process = subprocess.Popen(
            [sys.executable, '-c', code + PROGRAM, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, 'XDG_STATE_HOME': self._state()},
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual('ready\n', process.stdout.readline())
        return process

    def _state(self):
        return self.useFixture(fixtures.TempDir()).path

    def test_listener_that_ends_is_seen(self):
        """Nobody waits for a Ctrl-C that nobody hears."""
        code = textwrap.dedent("""\
            from backupclient import stops

            def broken(self):
                raise TypeError('odd')

            stops.Stop.ask = broken
            """)
        process = self._started(code)
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline()
        self.assertIn(f'"kill -9 {process.pid}" ends it', said)
        self.assertIn('fault of the program (TypeError)', said)

    def test_no_more_threads(self):
        """Each signal does what it does, and its text is said."""
        code = textwrap.dedent("""\
            import sys
            import threading
            whole = threading.Thread.start

            def start(self):
                if self.name != 'signals':
                    raise RuntimeError("can't start new thread")
                whole(self)

            threading.Thread.start = start
            """)
        process = self._started(code, 'long')
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline() + process.stdout.readline()
        self.assertIn('undoing\n', said)
        self.assertIn('Stopping', said)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(130, process.returncode)

    def test_handlers_are_given_back(self):
        code = PROGRAM + textwrap.dedent("""\
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            """)
        process = subprocess.Popen(
            [sys.executable, '-c', code], stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(process.kill)
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(0, process.returncode)
