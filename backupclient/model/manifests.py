# SPDX-License-Identifier: Apache-2.0
"""The content of ``manifest.json``, which describes a backup set."""

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
    """Whether the set has a backup of each requested resource."""

    COMPLETE = 'complete'
    INCOMPLETE = 'incomplete'


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A resource and the outcome of its backup.

    As in the plan, one of ``server``, ``volume``, ``image`` and ``secret`` is
    set; with a server also the image that has, or had, its own disk. A secret
    has the metadata and the ACL that the run has read. The other fields are
    those of the plan's item and of its outcome.

    :param size: the size of the data in bytes, None if unknown.
    :param notes: the notes of the plan and of the run.
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
        """True if there is a file or an artifact to restore from."""
        return self.file is not None or self.artifact is not None

    @property
    def artifact_id(self) -> str:
        """The ID of the artifact in the cloud, ``''`` for none."""
        return self.artifact.id if self.artifact else ''


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A run and its result.

    :param created_at: UTC, ISO 8601; ``finished_at`` likewise.
    :param cautions: the plan's cautions.
    :param host: the name of the machine, ``''`` if unknown.
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
        """True if at least one backup is complete, or none was needed."""
        return self.state is State.COMPLETE or any(
            item.state is results.State.COMPLETE for item in self.items
        )

    def of_kind(self, kind: resources.Kind) -> tuple[Entry, ...]:
        """Return the entries of one kind, in their order."""
        return tuple(e for e in self.items if e.resource.kind is kind)
