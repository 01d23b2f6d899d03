# SPDX-License-Identifier: Apache-2.0
"""The program, forked from a process that has it in memory.

To start it takes a second of a processor, and the tests start it hundreds of
times. Where they look at the process itself, or send it signals, they start
it as people do.
"""

import functools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading


class Parent:
    """The process that has the program in memory.

    :param options: of :mod:`backupclient.tests.functional.faults.zygote`.
    """

    def __init__(self, *options):
        module = 'backupclient.tests.functional.faults.zygote'
        self._process = subprocess.Popen(
            [sys.executable, '-m', module, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments, environment, limit, cwd=None, started=None):
        """Run a command to its end.

        :param limit: the seconds after which it is killed.
        :param started: is called with its process ID.
        :returns: its exit code, its output, and what it said on stderr.
        """
        with tempfile.TemporaryDirectory() as folder:
            out, err = (pathlib.Path(folder, each) for each in ('out', 'err'))
            order = {
                'arguments': list(arguments),
                'environment': environment,
                'cwd': str(cwd or pathlib.Path.cwd()),
                'out': str(out),
                'err': str(err),
            }
            print(json.dumps(order), file=self._process.stdin, flush=True)
            pid = int(self._process.stdout.readline())
            if started is not None:
                started(pid)
            with limited(pid, limit):
                code = int(self._process.stdout.readline())
            return code, out.read_text(), err.read_text()

    def end(self):
        """End it; it also ends when this process does."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class limited:
    """Kill a process that does not come to its end."""

    def __init__(self, pid, seconds):
        self._timer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))

    def __enter__(self):
        self._timer.start()

    def __exit__(self, *error):
        self._timer.cancel()
        self._timer.join()


@functools.cache
def patient():
    """Return the one for all tests of this process, patient as for people."""
    return Parent('--patient')
