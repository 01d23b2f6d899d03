# SPDX-License-Identifier: Apache-2.0
"""Create a cloud resource that must not be created twice."""

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
    """Find or create a resource that must not be created twice.

    Look for it before each try: an earlier run, or a request whose response
    was lost, may have created it. After a lost response, look repeatedly for
    :data:`~backupclient.cloud.services.PATIENCE` seconds, so that the service
    can finish, before the request is sent again.

    :param find: returns the resource, None if it does not exist.
    :param make: sends the POST, and returns the resource.
    :raises AnswerLost: if the response was lost in each of three tries.
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
