# SPDX-License-Identifier: Apache-2.0
"""Making a thing in the cloud that must not be made twice."""

from collections.abc import Callable
import logging
from typing import TypeVar

from backupclient import clocks
from backupclient import errors
from backupclient import pauses
from backupclient.cloud import services

LOG = logging.getLogger(__name__)

T = TypeVar('T')


def make_once(
    find: Callable[[], T | None],
    make: Callable[[], T],
    clock: clocks.Clock,
) -> T:
    """Make a thing that must not be made twice.

    It is looked for before each try: an earlier run, or a request whose
    answer was lost, may have made it. After a lost answer the service gets
    time to finish before the request is sent again.

    :param find: gives the thing when it is there.
    :param make: sends the POST.
    :raises AnswerLost: when the answer was lost again and again.
    """
    tries = 3
    found = find()
    while found is None:
        tries -= 1
        try:
            return make()
        except errors.AnswerLost as exc:
            LOG.info('%s It may have been done: looking for it', exc)
            found = _appears(find, clock)
            if found is None and not tries:
                raise
    return found


def _appears(find: Callable[[], T | None], clock: clocks.Clock) -> T | None:
    for pause in pauses.within(services.PATIENCE):
        clock.sleep(pause)
        found = find()
        if found is not None:
            return found
    return None
