# SPDX-License-Identifier: Apache-2.0
"""Starts the program, as it is or forked from one that is in memory."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import fixtures

from backupclient.tests.functional import base

LIMIT = 120.0
"""Seconds that a run may take; one without faults takes a tenth of it."""


class _Launcher(fixtures.Fixture):
    """What the two ways to start it have in common."""

    def _setUp(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self._out, self._err = folder / 'out', folder / 'err'

    def _result(self, code):
        return base.Result(code, self._out.read_text(), self._err.read_text())


class Program(_Launcher):
    """The ``openstack`` command itself."""

    def run(self, arguments, environment, session):
        """Run a command to its end.

        :param session: of the proxy, for its requests.
        """
        with open(self._out, 'wb') as out, open(self._err, 'wb') as err:
            process = subprocess.Popen(
                [base.OPENSTACK, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            session.client = process.pid
            with _limited(process.pid):
                code = process.wait()
        return self._result(code)


class Zygote(_Launcher):
    """The command, forked: it starts at once, and is less patient."""

    def _setUp(self):
        super()._setUp()
        self._process = subprocess.Popen(
            [sys.executable, '-m', f'{__package__}.zygote'],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self._end)

    def run(self, arguments, environment, session):
        """Run a command to its end.

        :param session: of the proxy, for its requests.
        """
        order = {
            'arguments': list(arguments),
            'environment': environment,
            'out': str(self._out),
            'err': str(self._err),
        }
        print(json.dumps(order), file=self._process.stdin, flush=True)
        pid = int(self._process.stdout.readline())
        session.client = pid
        with _limited(pid):
            return self._result(int(self._process.stdout.readline()))

    def _end(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class _limited:
    """Kill a process that does not come to its end."""

    def __init__(self, pid):
        self._timer = threading.Timer(LIMIT, os.kill, (pid, signal.SIGKILL))

    def __enter__(self):
        self._timer.start()

    def __exit__(self, *error):
        self._timer.cancel()
        self._timer.join()
