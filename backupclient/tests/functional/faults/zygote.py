# SPDX-License-Identifier: Apache-2.0
"""A process that has the program in memory and forks it again and again.

Started by :mod:`backupclient.tests.functional.forked`. It reads orders, a
line of JSON each, and answers each with two lines: the process ID of the
child, and how that ended. With ``--at SOCKET`` it takes an order and three
files from each client of a socket, as many at a time as there are. The child
is the ``openstack`` command from its first to its last line, with one
difference: without ``--patient`` it is less patient.
"""

import importlib
import importlib.metadata
import json
import os
import select
import signal
import socket
import sys

from openstackclient import shell

# What a run imports when it comes to it, beside the commands.
_PRELOADED = (
    'backupclient.operations.plan',
    'backupclient.operations.restore',
    'backupclient.operations.run',
    'backupclient.osc.progress',
    'backupclient.osc.rows',
    'backupclient.planner.revision',
    'backupclient.keys.protection',
    'openstack.block_storage.v3._proxy',
    'openstack.compute.v2._proxy',
    'openstack.connection',
    'openstack.image.v2._proxy',
    'openstack.key_manager.v1._proxy',
)

# Seconds. The pauses are a twentieth of what they are for people; the
# timeout is still longer than any answer of the dev cloud takes. A beat of the
# lease comes at a time, not at a place: none is among a run's requests.
_PATIENCE = {
    'backupclient.model.leases': {'BEAT': 3600.0},
    'backupclient.pauses': {'_FIRST': 0.1, '_LONGEST': 0.5},
    'backupclient.cloud.services': {
        'TIMEOUT': (3.0, 3.0),
        'PATIENCE': 1.5,
        '_UPLOAD_TIMEOUT': 5.0,
    },
    'backupclient.procedures.restore.image_upload': {'_PATIENCE': 3.0},
    'backupclient.transfer.download': {'_PATIENCE': 15.0},
}


def main():
    """Import all, and fork a child for each order."""
    for name in (*_PRELOADED, *_commands()):
        importlib.import_module(name)
    if '--patient' not in sys.argv:
        _hurry()
    if '--at' in sys.argv:
        _serve(sys.argv[-1])
    else:
        _obey()


def _obey():
    """Fork for the orders on stdin, one after the other."""
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order, _opened(order))
        _say(pid)
        _say(_ended(pid))


def _serve(path):
    """Fork for the clients of a socket, until stdin ends."""
    # The kernel reaps the forks: this process never waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(path)
        door.listen()
        _say(os.getpid())
        while door in select.select([door, sys.stdin], [], [])[0]:
            client, _ = door.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(client)
                os._exit(0)
            client.close()


def _answer(client):
    """Do what one client wants, and tell it the exit code."""
    text, files, _, _ = socket.recv_fds(client, 1 << 20, 3)
    pid = os.fork()
    if not pid:
        _become(json.loads(text), files)
    client.send(str(_ended(pid)).encode())


def _ended(pid):
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _commands():
    """The modules of all commands: each call of the client loads them."""
    return {
        entry.module
        for distribution in importlib.metadata.distributions()
        for entry in distribution.entry_points
        if entry.group.startswith('openstack.')
    }


def _hurry():
    for module, values in _PATIENCE.items():
        for name, value in values.items():
            found = importlib.import_module(module)
            # A name that is no longer there would change nothing.
            getattr(found, name)
            setattr(found, name, value)


def _opened(order):
    """Open the files of an order."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
    return [
        os.open(path, flags, 0o600)
        for path in (os.devnull, order['out'], order['err'])
    ]


def _become(order, files):
    """Take on the environment and the files of a command, and be that."""
    os.chdir(order['cwd'])
    os.umask(order['umask'])
    os.environ.clear()
    os.environ.update(order['environment'])
    streams = (sys.stdin, sys.stdout, sys.stderr)
    for file, stream in zip(files, streams, strict=True):
        os.dup2(file, stream.fileno())
        os.close(file)
    sys.argv = ['openstack', *order['arguments']]
    sys.exit(shell.main(order['arguments']))


def _say(number):
    print(number, flush=True)


if __name__ == '__main__':
    main()
