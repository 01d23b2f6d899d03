# SPDX-License-Identifier: Apache-2.0
"""Whether the state of a server allows an image, or a stop.

The states are those of the Compute API. For an image, the server must be
ACTIVE, SHUTOFF, PAUSED or SUSPENDED, and must have no task in progress
(nova/compute/api.py: snapshot).
"""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.planner.backup import indexes

# Nova keeps the disk of such a server in an image.
SHELVED = frozenset({'SHELVED', 'SHELVED_OFFLOADED'})

_READY = frozenset({'ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'})
_ADMIN = 'admin'
_PASSING = frozenset(
    {
        'BUILD',
        'HARD_REBOOT',
        'MIGRATING',
        'PASSWORD',
        'REBOOT',
        'REBUILD',
        'RESIZE',
        'REVERT_RESIZE',
    }
)
_ADVICE = {
    'DELETED': 'It is gone: leave it out.',
    'ERROR': 'Rebuild or reboot it, or ask the operator of the cloud.',
    'RESCUE': 'Unrescue it first.',
    'RESIZED': 'Confirm or revert its resize first.',
    'SOFT_DELETED': 'Restore it first, or leave it out.',
    'VERIFY_RESIZE': 'Confirm or revert its resize first.',
}


def obstacle(server: resources.Server) -> str:
    """Return why a run cannot make an image of a server.

    The server must not be shelved: then it has an image already.

    :returns: ``''`` if the image is possible, perhaps after a wait.
    """
    if server.task_state == 'deleting':
        return 'It is being deleted: leave it out.'
    if server.status in _READY or server.status in _PASSING:
        return ''
    advice = _ADVICE.get(server.status, 'Ask the operator of the cloud.')
    return f'Its state "{server.status}" does not allow an image. {advice}'


def not_stopped(index: indexes.Index, server: resources.Server) -> str:
    """Return why a run cannot stop a server.

    Nova refuses to stop a locked server, even for the user who locked it, but
    not for administrators (nova/compute/api.py: check_instance_lock).

    :returns: ``''`` if the run can stop it, or if it is stopped already.
    """
    if server.status in plans.AT_REST:
        return ''
    if server.status != 'ACTIVE':
        return (
            f'It is "{server.status}", so --stop-servers does not stop it: '
            'that stops only those that are "ACTIVE".'
        )
    if not server.locked or _ADMIN in index.inventory.roles:
        return ''
    return (
        'It is locked, so --stop-servers does not stop it. Unlock it first: '
        f'openstack server unlock {server.id}. If an administrator has locked '
        'it, only an administrator can unlock it.'
    )


def notes(server: resources.Server) -> tuple[str, ...]:
    """Return notes on a wait before the image, or a pause of the guest."""
    if server.status in _PASSING:
        return (f'The run waits until it is no longer "{server.status}".',)
    if server.task_state:
        return (f'The run waits for its task "{server.task_state}" to end.',)
    if server.status == 'ACTIVE':
        return ('Some clouds suspend the guest while the image is made.',)
    return ()
