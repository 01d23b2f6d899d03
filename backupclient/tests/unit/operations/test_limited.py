# SPDX-License-Identifier: Apache-2.0
"""Tests of programs that run with limits."""

import os
import pathlib
import signal
from unittest import mock

import fixtures
import testtools

from backupclient import errors
from backupclient import stops
from backupclient.operations import limited

LIMITS = limited.Limits(memory_kib=1 << 20, seconds=60, written=1 << 10)


class RunTestCase(testtools.TestCase):
    def run_script(self, script, *, files=(), limits=LIMITS, stop=None):
        return limited.run(
            ['/bin/sh', '-c', script], files, limits, stop or stops.Stop()
        )

    def test_what_it_said(self):
        self.assertEqual(
            (3, 'no good'), self.run_script('echo no good >&2; exit 3')
        )

    def test_only_the_beginning(self):
        _, said = self.run_script(f'echo {"x" * 900} >&2')
        self.assertEqual('x' * 200, said)

    def test_environment(self):
        self.useFixture(fixtures.EnvironmentVariable('OS_PASSWORD', 'hunter2'))
        self.assertEqual(
            (0, ''), self.run_script('test -z "${OS_PASSWORD+set}"')
        )

    def test_descriptors(self):
        reading, writing = os.pipe()
        os.write(writing, b'word')
        os.close(writing)
        self.addCleanup(os.close, reading)
        self.assertEqual(
            (0, 'word'),
            self.run_script(f'cat <&{reading} >&2', files=[reading]),
        )

    def test_limits(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        code, _ = self.run_script(
            f'exec head -c 9999 /dev/zero > {place}/large'
        )
        self.assertEqual(-signal.SIGXFSZ, code)
        self.assertEqual(1 << 10, (place / 'large').stat().st_size)
        self.assertEqual(
            (0, '1048576 60 2'),
            self.run_script('echo $(ulimit -v) $(ulimit -t) $(ulimit -f) >&2'),
        )

    def test_time(self):
        limits = limited.Limits(memory_kib=1 << 20, seconds=0, written=0)
        code, _ = self.run_script('exec sleep 60', limits=limits)
        self.assertEqual(-1, code)

    def test_stop(self):
        stop = stops.Stop()
        ended = []
        popen = limited.subprocess.Popen

        def start(*words, **more):
            child = popen(*words, **more)
            ended.append(child)
            return child

        stop.ask()
        with mock.patch.object(
            limited.subprocess, 'Popen', autospec=True, side_effect=start
        ):
            self.assertRaises(
                errors.Interrupted, self.run_script, 'exec sleep 60', stop=stop
            )
        self.assertEqual([-signal.SIGKILL], [one.poll() for one in ended])
