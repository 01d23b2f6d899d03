# SPDX-License-Identifier: Apache-2.0
"""What became of each item of a plan."""

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


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item.

    :param reason: of a failure or a skip, in a sentence.
    :param captured_at: UTC, ISO 8601: when the data were as they are in the
        copy.
    :param image: of a server's own disk: the image that held it, as Nova
        made it. It need not be there any more.
    :param secret: a secret with what only the run has read of it.
    :param restored: the ID of what a restore has made, ``''`` for nothing.
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
        """The file, or the artifact's ID, or nothing."""
        if self.file:
            return self.file.path
        return self.artifact.id if self.artifact else ''
