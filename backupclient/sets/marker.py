# SPDX-License-Identifier: Apache-2.0
"""That a run writes to a set: the content of ``in-progress.json``."""

import dataclasses
import datetime
import socket
from typing import Literal

FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Marker:
    """Who writes to a set.

    :param host: the name of the machine.
    :param started_at: when it began to write, UTC, ISO 8601.
    """

    run: str
    host: str
    started_at: str
    format: Literal['openstack-backup-run'] = 'openstack-backup-run'
    version: int = FORMAT_VERSION


def of_this_process(run: str) -> Marker:
    """Give the marker of a run that this machine performs, from now on."""
    now = datetime.datetime.now(datetime.UTC)
    return Marker(run, socket.gethostname(), now.isoformat(timespec='seconds'))
