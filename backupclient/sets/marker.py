# SPDX-License-Identifier: Apache-2.0
"""The marker of a set to which a run writes: ``in-progress.json``."""

import dataclasses
import datetime
import socket
from typing import Literal

FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Marker:
    """The content of the marker: which machine writes to the set.

    :param host: the name of the machine.
    :param started_at: when the marker was written, UTC, ISO 8601.
    """

    run: str
    host: str
    started_at: str
    format: Literal['openstack-backup-run'] = 'openstack-backup-run'
    version: int = FORMAT_VERSION


def of_this_process(run: str) -> Marker:
    """Return the marker of a run on this machine, with the current time."""
    now = datetime.datetime.now(datetime.UTC)
    return Marker(run, socket.gethostname(), now.isoformat(timespec='seconds'))
