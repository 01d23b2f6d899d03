# SPDX-License-Identifier: Apache-2.0
"""Wait for a resource's state, with failing states and a deadline."""

from collections.abc import Callable, Collection
import dataclasses
import logging

from backupclient import clocks
from backupclient import errors
from backupclient import pauses

GONE = 'gone'
"""The state of a resource that does not exist (any more)."""

LOG = logging.getLogger(__name__)

_UNKNOWN = 'unknown'
_OUTAGE = 900.0
"""Seconds for which reading the state may fail: a service may restart."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiter:
    """Waits for states.

    :param timeout: seconds for each wait.
    """

    clock: clocks.Clock
    timeout: float

    def until(
        self,
        good: Collection[str],
        read: Callable[[], str],
        what: str,
        bad: Collection[str] = (),
        timeout: float | None = None,
    ) -> str:
        """Wait until a state is one of the good ones.

        :param read: returns the current state in lower case; GONE for a 404.
        :param what: the resource with its ID, for messages.
        :param bad: states that do not lead to a good one. GONE is always
            bad unless it is good.
        :param timeout: seconds, instead of the waiter's own.
        :returns: the good state that was reached.
        :raises WaitFailed: if a bad state was reached.
        :raises WaitTimeout: if no good state was reached in time.
        :raises CloudError: if the state cannot be read, and a retry would not
            help or has not helped for 15 minutes.
        :raises Interrupted: if the run was asked to stop.
        """
        limit = self.timeout if timeout is None else timeout
        deadline = self.clock.monotonic() + limit
        heard = self.clock.monotonic()
        longer = pauses.growing()
        before = ''
        while True:
            try:
                state = read()
                heard = self.clock.monotonic()
            except errors.CloudError as exc:
                silence = self.clock.monotonic() - heard
                if not exc.passes or silence >= _OUTAGE:
                    raise
                state = _UNKNOWN
            if state in good:
                return state
            if state in bad or state == GONE:
                raise errors.WaitFailed(_end(what, state))
            left = deadline - self.clock.monotonic()
            if left <= 0:
                more = '' if timeout else ' Give it more time with --timeout.'
                raise errors.WaitTimeout(
                    f'{what} was still {state} after {limit / 60:g} minutes, '
                    f'not {" or ".join(sorted(good))}.{more} When it does not '
                    'move at all, ask the operator of the cloud.'
                )
            if state != before:
                goal = ' or '.join(sorted(good))
                LOG.info('%s is %s: waiting for %s', what, state, goal)
                before = state
            self.clock.sleep(min(next(longer), left))


def _end(what: str, state: str) -> str:
    """Return the message that a bad state was reached."""
    if state == GONE:
        return (
            f'{what} was deleted while the run waited for it. Find out who '
            'deleted it, and start a new run.'
        )
    return (
        f'{what} went to the state "{state}" while the run waited for it. Ask '
        'the operator of the cloud for the cause.'
    )
