# SPDX-License-Identifier: Apache-2.0
"""One project of one cloud, opened for the operations."""

import dataclasses

from backupclient import clocks
from backupclient.cloud import door


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A login, and the clock that passes on requests to stop.

    Made by :func:`connect`. Use a session for one operation at a time, and a
    new one after an interruption.
    """

    cloud: door.Cloud
    clock: clocks.SystemClock


def connect(connection: door.Connection) -> Session:
    """Open the project that a connection is logged in to.

    :param connection: an openstacksdk connection: the result of
        ``openstack.connect()``, or the ``sdk_connection`` of the OpenStack
        client. Its requests get a timeout if its settings have none.
    :raises UsageError: if the connection has no Keystone login.
    """
    clock = clocks.SystemClock()
    return Session(door.connect(connection, clock), clock)
