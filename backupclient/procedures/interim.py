# SPDX-License-Identifier: Apache-2.0
"""The results of the steps of one item so far: one type for each task.

They are written to the journal after each step, so that a killed run can be
resumed: names and IDs only, never the bytes of a key.
:mod:`backupclient.engine.saved_progress` writes and reads them.
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
    """The moment of the capture: the copy shows the source as it was then.

    :param at: UTC, ISO 8601.
    :param consistency: the consistency of the copy.
    """

    at: str
    consistency: plans.Consistency


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """The results of the steps of a backup so far.

    ``snapshot_id``, ``volume_id`` and ``image_id`` are intermediate resources
    in the cloud. The copy is an artifact, or a file with its key.

    :param captured: None before the source is captured.
    :param described: the secret with its metadata and its ACL; or the image
        ``image_id`` of a server's own disk, recorded because the image itself
        may be deleted.
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
    """The results of the steps of a restore so far.

    All resources are temporary until the last step.

    :param secret_id: the restored secret, or the key of the restored data.
    :param image_id: the restored image, or an intermediate one.
    :param restored: the ID of the finished resource. It belongs to the
        tenant and is no longer temporary.
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
    """The state of a server that is stopped while its disks are captured.

    :param found: Nova's status of the server before it was stopped, ``''``
        before the first step has read it.
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
    """Return the type of the results of a flow's steps."""
    return _KINDS.get(part, Backup)
