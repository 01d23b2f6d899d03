# SPDX-License-Identifier: Apache-2.0
"""In which states a volume can be copied, and what to do about the others.

The states are those of ``VolumeStatus`` in Cinder's ``objects/fields.py``.
"""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.planner.backup import indexes

_READY = frozenset({'available', 'in-use'})
_PASSING = resources.PASSING_VOLUME_STATES
# A server gets hold of it, or has not let it go for certain. The way for
# attached volumes works for detached ones too, but not the other way round.
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
    """Say why a volume cannot be copied as long as it is as it is."""
    if volume.status in _READY:
        return ''
    if volume.status in _PASSING:
        return _shelved(index, volume)
    advice = _ADVICE.get(volume.status, _ASK)
    return f'Its state "{volume.status}" does not allow a copy. {advice}'


def _shelved(index: indexes.Index, volume: resources.Volume) -> str:
    """Offloaded servers keep their volumes reserved for as long as they are.

    Waiting for that is no use.
    """
    for server in index.servers_of.get(volume.id, ()):
        if (volume.status, server.status) == ('reserved', 'SHELVED_OFFLOADED'):
            return (
                f'It is reserved by the shelved {server.resource.label}: '
                'unshelve that first.'
            )
    return ''


def waiting(volume: resources.Volume) -> tuple[str, ...]:
    """Tell what a run has to wait for."""
    if volume.status not in _PASSING:
        return ()
    note = f'The run waits until it is no longer "{volume.status}".'
    if volume.status == 'backing-up':
        note += ' If that never ends, the operator has to reset its state.'
    return (note,)


def warnings(
    volume: resources.Volume, worth: plans.Consistency
) -> tuple[str, ...]:
    """Tell who else writes to the volume.

    :param worth: of the copy.
    """
    count = len(volume.attachments)
    if count < 2 or worth is plans.Consistency.STOPPED:
        return ()
    return (
        f'{count} servers write to it: a copy guarantees nothing about what '
        'they write at the same time.',
    )


def attached(index: indexes.Index, volume: resources.Volume) -> bool:
    """Tell whether a volume is attached, or may be by the time of the run."""
    if volume.attachments or volume.status in _PERHAPS_ATTACHED:
        return True
    return volume.status in _PASSING and volume.id in index.servers_of
