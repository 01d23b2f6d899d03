# SPDX-License-Identifier: Apache-2.0
"""What a backup set says of itself: the content of ``manifest.json``."""

import dataclasses
import enum
from typing import Literal

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results

FORMAT_VERSION = 1
PROGRAM = 'python-backupclient'


class State(enum.StrEnum):
    """Whether everything that was asked for is there."""

    COMPLETE = 'complete'
    INCOMPLETE = 'incomplete'


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One resource: what it was, and what became of it.

    ``server``, ``volume``, ``image`` and ``secret`` are as in the plan: one
    is set, and beside a server the image that holds, or held, its own disk.
    A secret has its metadata and its ACL as the run has read them. The other
    fields are those of the plan's item and of its outcome.

    :param size: of the data, in bytes, None when not known.
    :param notes: the plan's and the run's.
    """

    resource: resources.Resource
    procedure: plans.Procedure
    state: results.State
    reason: str = ''
    covered_by: str = ''
    group: str = ''
    consistency: plans.Consistency = plans.Consistency.NONE
    captured_at: str = ''
    size: int | None = None
    artifact: copies.Artifact | None = None
    file: copies.FileRecord | None = None
    key: copies.KeyRecord | None = None
    notes: tuple[str, ...] = ()
    server: resources.Server | None = None
    volume: resources.Volume | None = None
    image: resources.Image | None = None
    secret: resources.Secret | None = None

    @property
    def has_copy(self) -> bool:
        """True when there is something to restore."""
        return self.file is not None or self.artifact is not None

    @property
    def artifact_id(self) -> str:
        """The ID of what stays in the cloud, ``''`` for nothing."""
        return self.artifact.id if self.artifact else ''


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A run and its result.

    :param created_at: UTC, ISO 8601; ``finished_at`` likewise.
    :param cautions: the plan's.
    :param host: the name of the machine, ``''`` when not known.
    """

    run: str
    created_at: str
    finished_at: str
    state: State
    identity: inventories.CloudIdentity
    request: requests.Request
    items: tuple[Entry, ...] = ()
    cautions: tuple[str, ...] = ()
    program: str = PROGRAM
    program_version: str = ''
    format: Literal['openstack-backup-set'] = 'openstack-backup-set'
    version: int = FORMAT_VERSION
    host: str = ''

    @property
    def is_of_use(self) -> bool:
        """True when something of it is complete, or nothing had to be."""
        return self.state is State.COMPLETE or any(
            item.state is results.State.COMPLETE for item in self.items
        )

    def of_kind(self, kind: resources.Kind) -> tuple[Entry, ...]:
        """Give the entries of one kind, in their order."""
        return tuple(e for e in self.items if e.resource.kind is kind)
