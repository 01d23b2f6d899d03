# SPDX-License-Identifier: Apache-2.0
"""The outcome of each item of a plan."""

import dataclasses
import enum

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import resources


class State(enum.StrEnum):
    """How an item of a run ended."""

    COMPLETE = 'complete'
    FAILED = 'failed'
    SKIPPED = 'skipped'


DELETED = 'was deleted during the backup.'
"""The end of the reason why a deleted resource has failed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one item.

    :param reason: why the item failed or was skipped, in a sentence.
    :param seconds: how long the work on the item took.
    :param size: the size of the data in bytes, None if unknown.
    :param captured_at: UTC, ISO 8601: the time of the data in the copy.
    :param image: for a server's own disk, the image that Nova made of it,
        which may be deleted by now.
    :param secret: a secret with the fields that only the run has read.
    :param restored: the ID of the resource that a restore has made, ``''``
        for none.
    """

    resource: resources.Resource
    procedure: plans.Procedure
    state: State
    reason: str = ''
    seconds: float = 0.0
    size: int | None = None
    consistency: plans.Consistency = plans.Consistency.NONE
    captured_at: str = ''
    artifact: copies.Artifact | None = None
    file: copies.FileRecord | None = None
    key: copies.KeyRecord | None = None
    notes: tuple[str, ...] = ()
    image: resources.Image | None = None
    secret: resources.Secret | None = None
    restored: str = ''

    @property
    def result(self) -> str:
        """The file's path, else the artifact's ID, else ``''``."""
        if self.file:
            return self.file.path
        return self.artifact.id if self.artifact else ''
