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

_MODULE = 'backupclient.tests.functional.faults.zygote'
# RESTORE.md takes its Python from the first line of openstack.
_CLIENT = """\
#!{python}
import json
import os
import socket
import sys

umask = os.umask(0)
os.umask(umask)
order = {{
    'arguments': sys.argv[1:],
    'environment': dict(os.environ),
    'cwd': os.getcwd(),
    'umask': umask,
}}
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect({path!r})
    socket.send_fds(server, [json.dumps(order).encode()], [0, 1, 2])
    sys.exit(int(server.recv(16)))
"""


class Parent:
    """The process that has the program in memory.

    :param options: of :mod:`backupclient.tests.functional.faults.zygote`.
    """

    def __init__(self, *options):
        self._process = subprocess.Popen(
            [sys.executable, '-m', _MODULE, *options],
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
                'umask': _umask(),
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


def _umask():
    found = os.umask(0)
    os.umask(found)
    return found


class Program:
    """A program ``openstack`` for others to call, as a shell does.

    It ends when this process does.

    :ivar folder: where it is, for a ``PATH``.
    """

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        path = str(self.folder / 'socket')
        program = self.folder / 'openstack'
        program.write_text(_CLIENT.format(python=sys.executable, path=path))
        program.chmod(0o700)
        self._process = subprocess.Popen(
            [sys.executable, '-m', _MODULE, '--patient', '--at', path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._process.stdout.readline()


@functools.cache
def program():
    """Return the one for all tests of this process."""
    return Program()


@functools.cache
def patient():
    """Return the one for all tests of this process, patient as for people."""
    return Parent('--patient')
