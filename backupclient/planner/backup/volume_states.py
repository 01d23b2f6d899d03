# SPDX-License-Identifier: Apache-2.0
"""Whether the state of a volume allows a copy, and what to do if not.

The states are those of ``VolumeStatus`` in Cinder's ``objects/fields.py``.
"""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.planner.backup import indexes

_READY = frozenset({'available', 'in-use'})
_PASSING = resources.PASSING_VOLUME_STATES
# In these states, a server may use the volume, now or soon. So it is copied
# by a snapshot, which also works for a detached volume. An attached volume
# cannot be copied directly.
_PERHAPS_ATTACHED = frozenset({'attaching', 'detaching', 'in-use', 'reserved'})
_ADVICE = {
    'awaiting-transfer': 'Accept or delete its transfer first.',
    'deleting': 'It is going away: leave it out.',
    'error': 'Creating it failed: delete it, or leave it out.',
    'error_deleting': 'Delete it once more, or leave it out.',
    'error_restoring': 'Restore a backup to it once more, or delete it.',
    'maintenance': 'The operator of the cloud works on it: try again later.',
}
_ASK = 'Ask the operator of the cloud to reset its state.'


def obstacle(index: indexes.Index, volume: resources.Volume) -> str:
    """Return why a volume cannot be copied in its state, else ``''``."""
    if volume.status in _READY:
        return ''
    if volume.status in _PASSING:
        return _shelved(index, volume)
    advice = _ADVICE.get(volume.status, _ASK)
    return f'Its state "{volume.status}" does not allow a copy. {advice}'


def _shelved(index: indexes.Index, volume: resources.Volume) -> str:
    """Return why a volume of a shelved server cannot be copied, else ``''``.

    An offloaded server keeps its volumes reserved until it is unshelved, so
    the run must not wait for the end of that state.
    """
    for server in index.servers_of.get(volume.id, ()):
        if (volume.status, server.status) == ('reserved', 'SHELVED_OFFLOADED'):
            return (
                f'It is reserved by the shelved {server.resource.label}: '
                'unshelve that first.'
            )
    return ''


def waiting(volume: resources.Volume) -> tuple[str, ...]:
    """Return a note if the run has to wait for another state."""
    if volume.status not in _PASSING:
        return ()
    note = f'The run waits until it is no longer "{volume.status}".'
    if volume.status == 'backing-up':
        note += ' If that never ends, the operator has to reset its state.'
    return (note,)


def warnings(
    volume: resources.Volume, worth: plans.Consistency
) -> tuple[str, ...]:
    """Return a warning if several servers may write to the volume.

    :param worth: the consistency of the copy.
    """
    count = len(volume.attachments)
    if count < 2 or worth is plans.Consistency.STOPPED:
        return ()
    return (
        f'{count} servers write to it: a copy guarantees nothing about what '
        'they write at the same time.',
    )


def attached(index: indexes.Index, volume: resources.Volume) -> bool:
    """Return whether a volume is attached, or may be when it is copied."""
    if volume.attachments or volume.status in _PERHAPS_ATTACHED:
        return True
    return volume.status in _PASSING and volume.id in index.servers_of
