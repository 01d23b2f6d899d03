# SPDX-License-Identifier: Apache-2.0
"""Real servers of ``rclone serve``, and remotes for them."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import fixtures

from backupclient.model import addresses
from backupclient.store import targets
from backupclient.store.rclone import store

USER, PASSWORD = 'tester', 'pass-of-the-tests'
_SECONDS = 30


class Rclone(fixtures.Fixture):
    """An environment for rclone without any remote of this machine.

    :ivar folder: its own.
    """

    def _setUp(self):
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in [*os.environ]:
            if name.startswith('RCLONE_'):
                self.useFixture(fixtures.EnvironmentVariable(name))
        self.set(RCLONE_CONFIG=str(self.folder / 'rclone.conf'))
        targets.forget()
        self.addCleanup(targets.forget)

    def set(self, **variables):
        """Set variables of the environment."""
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def remote(self, name, **options):
        """Configure a remote."""
        with (self.folder / 'rclone.conf').open('a') as file:
            file.write(f'[{name}]\n')
            file.writelines(f'{k} = {v}\n' for k, v in options.items())

    def obscured(self, password=PASSWORD):
        """Return a password as rclone keeps it."""
        done = subprocess.run(
            ['rclone', 'obscure', '-'],
            input=password.encode(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def serve(self, kind, root):
        """Start a server for a folder.

        :param kind: ``webdav``, ``sftp`` or ``restic``.
        :returns: its port.
        """
        port = free_port()
        log = (self.folder / f'{kind}-{port}.log').open('wb')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [
                'rclone',
                'serve',
                kind,
                str(root),
                '--addr',
                f'127.0.0.1:{port}',
                '--user',
                USER,
                '--pass',
                PASSWORD,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self.addCleanup(_stopped, process)
        _until_it_listens(process, port)
        return port

    def webdav(self, name, root):
        """Serve a folder by WebDAV, and configure a remote for it."""
        port = self.serve('webdav', root)
        self.remote(
            name,
            type='webdav',
            url=f'http://127.0.0.1:{port}',
            vendor='other',
            user=USER,
            **{'pass': self.obscured()},
        )

    def sftp(self, name, root):
        """Serve a folder by SFTP, and configure a remote for it."""
        port = self.serve('sftp', root)
        self.remote(
            name,
            type='sftp',
            host='127.0.0.1',
            port=port,
            user=USER,
            **{'pass': self.obscured()},
        )


def open_store(place):
    """Open the store of a remote and a path, as nobody else has it."""
    return store.Rclone(addresses.parse(f'rclone:{place}'))


def path_of_rclone():
    """Return the path of the real program."""
    return shutil.which('rclone', path='/usr/local/bin:/usr/bin:/bin')


def free_port():
    """Return a port on which nothing listens."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def _until_it_listens(process, port):
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        time.sleep(0.05)
    raise AssertionError(f'the server on port {port} does not start')


def _stopped(process):
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
