# SPDX-License-Identifier: Apache-2.0
"""A process that has the program in memory and forks it again and again.

Started by :mod:`backupclient.tests.functional.forked`. It reads orders, a
line of JSON each, and answers each with two lines: the process ID of the
child, and how that ended. The child is the ``openstack`` command from its
first to its last line, with one difference: without ``--patient`` it is less
patient.
"""

import importlib
import importlib.metadata
import json
import os
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
    """Fork a child for each order, one after the other."""
    for name in (*_PRELOADED, *_commands()):
        importlib.import_module(name)
    if '--patient' not in sys.argv:
        _hurry()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
            sys.exit(shell.main(order['arguments']))
        _say(pid)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


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


def _become(order):
    """Take on the environment and the files of a command."""
    os.chdir(order['cwd'])
    os.environ.clear()
    os.environ.update(order['environment'])
    for path, number in (
        (os.devnull, sys.stdin.fileno()),
        (order['out'], sys.stdout.fileno()),
        (order['err'], sys.stderr.fileno()),
    ):
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        file = os.open(path, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ['openstack', *order['arguments']]


def _say(number):
    print(number, flush=True)


if __name__ == '__main__':
    main()
