# SPDX-License-Identifier: Apache-2.0
"""Waiting for a volume that is busy with something else."""

from collections.abc import Collection

from backupclient import errors
from backupclient.model import resources
from backupclient.procedures import step


def settle(
    work: step.Work,
    volume_id: str,
    wanted: Collection[str],
    advice: str = 'It changed since it was planned: make a new plan.',
) -> str:
    """Wait until a volume is in one of the wanted states.

    :param advice: what to do when it goes into another one.
    :returns: the state that it is in then.
    :raises WaitFailed: it is in another state, that it does not leave.
    """
    state = leave(
        work, volume_id, resources.PASSING_VOLUME_STATES - set(wanted)
    )
    if state not in wanted:
        raise errors.WaitFailed(
            f'Volume {volume_id} is {state}, not {" or ".join(wanted)}. '
            f'{advice}'.rstrip()
        )
    return state


def leave(work: step.Work, volume_id: str, states: Collection[str]) -> str:
    """Wait until a volume is in none of these states.

    :returns: the state that it is in then; GONE without a volume.
    """
    last = ['']

    def read() -> str:
        last[0] = work.cloud.cinder.volume_state(volume_id)
        return last[0] if last[0] in states else _SETTLED

    work.waiter.until({_SETTLED}, read, f'Volume {volume_id}')
    return last[0]


_SETTLED = 'settled'
