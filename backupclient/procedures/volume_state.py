# SPDX-License-Identifier: Apache-2.0
"""Waiting for a volume that another operation keeps busy."""

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

    :param advice: the end of the error message: what the user can do.
    :returns: the volume's state, one of ``wanted``.
    :raises WaitFailed: if it is in another state, which does not pass.
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

    :returns: the volume's new state; GONE if it does not exist.
    """
    last = ['']

    def read() -> str:
        last[0] = work.cloud.cinder.volume_state(volume_id)
        return last[0] if last[0] in states else _SETTLED

    work.waiter.until({_SETTLED}, read, f'Volume {volume_id}')
    return last[0]


_SETTLED = 'settled'
