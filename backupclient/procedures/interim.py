# SPDX-License-Identifier: Apache-2.0
"""What the steps of one item have made so far: one type for each task.

It is kept in the journal after each step, so that a killed run goes on from
there: names and IDs only, never the bytes of a key.
:mod:`backupclient.engine.saved_progress` writes and reads it.
"""

from collections.abc import Mapping
import dataclasses

from backupclient.model import copies
from backupclient.model import graphs
from backupclient.model import ids
from backupclient.model import plans
from backupclient.model import resources


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """The moment in which the source was as its copy is.

    :param at: UTC, ISO 8601.
    :param consistency: what such a copy is worth.
    """

    at: str
    consistency: plans.Consistency


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """What the steps of a backup have made so far.

    ``snapshot_id``, ``volume_id`` and ``image_id`` stand in the cloud between
    the source and its copy. The copy is an artifact, or a file with its key.

    :param captured: None before the source is captured.
    :param described: what is known of a secret with its metadata and its
        ACL; or of the image ``image_id`` of a server's own disk, since the
        image itself may be deleted.
    """

    snapshot_id: str = ''
    volume_id: str = ''
    image_id: str = ''
    captured: Moment | None = None
    artifact: copies.Artifact | None = None
    file: copies.FileRecord | None = None
    key: copies.KeyRecord | None = None
    described: resources.Image | resources.Secret | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ids.require_if_any(self.snapshot_id, self.volume_id, self.image_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Restore:
    """What the steps of a restore have made so far.

    All of it is temporary until the last step.

    :param secret_id: the secret, or the key of the data.
    :param image_id: the image, or what is between a file and what is made
        of it.
    :param restored: the ID of what has its name by now: it is the tenant's.
    """

    secret_id: str = ''
    image_id: str = ''
    volume_id: str = ''
    server_id: str = ''
    restored: str = ''
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ids.require_if_any(
            self.secret_id,
            self.image_id,
            self.volume_id,
            self.server_id,
            self.restored,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Downtime:
    """What is known of a server that is stopped for its disks' sake.

    :param found: its status before it was stopped, as Nova names it; ``''``
        before somebody looked.
    """

    found: str = ''


Made = Backup | Restore | Downtime
_KINDS: Mapping[graphs.Part, type[Made]] = {
    graphs.Part.STOP: Downtime,
    graphs.Part.START: Downtime,
    graphs.Part.RESTORE: Restore,
    graphs.Part.REMOVE: Restore,
}


def kind(part: graphs.Part) -> type[Made]:
    """Return the type that the steps of a flow work with."""
    return _KINDS.get(part, Backup)
