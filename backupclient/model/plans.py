# SPDX-License-Identifier: Apache-2.0
"""The plan: the procedure for each resource, or why there is none."""

import dataclasses
import enum

from backupclient.model import ids
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tasks

FORMAT_VERSION = 1


class Procedure(enum.StrEnum):
    """The procedures that back up or restore one resource."""

    IMAGE_DOWNLOAD = 'image-download'
    SERVER_IMAGE = 'server-image'
    VOLUME_BACKUP = 'volume-backup'
    VOLUME_IMAGE = 'volume-image'
    SNAPSHOT_IMAGE = 'snapshot-image'
    SECRET_DOWNLOAD = 'secret-download'
    SECRET_STORE = 'secret-store'
    IMAGE_UPLOAD = 'image-upload'
    VOLUME_FROM_IMAGE = 'volume-from-image'
    VOLUME_FROM_BACKUP = 'volume-from-backup'
    SERVER_BUILD = 'server-build'
    NONE = 'none'


AT_REST = frozenset({'SHUTOFF', 'SHELVED', 'SHELVED_OFFLOADED'})
"""Nova's states in which a server writes to none of its disks."""


class Consistency(enum.StrEnum):
    """The consistency of a copy: the state of its source at the capture."""

    DETACHED = 'detached'
    CRASH = 'crash-consistent'
    STOPPED = 'stopped'
    IMMUTABLE = 'immutable'
    NONE = ''


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeBackup:
    """Back up a volume with Cinder.

    :param incremental: whether the backup builds on an earlier one.
    :param stops: see :class:`.tasks.ImageCopy`.
    :param fallback: the item to do instead if the backup service of the cloud
        does not answer.
    """

    incremental: bool = False
    stops: tuple[str, ...] = ()
    fallback: 'Item | None' = None

    def __post_init__(self) -> None:
        ids.require(*self.stops)


Task = (
    tasks.Nothing
    | tasks.Covered
    | tasks.Present
    | tasks.ImageDownload
    | tasks.SecretDownload
    | tasks.ServerImage
    | tasks.VolumeImage
    | tasks.SnapshotImage
    | VolumeBackup
    | restores.Task
)
"""The task of an item. Each class has only its procedure's parameters."""


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A resource and its task.

    :param reason: why this procedure, or why none, in a sentence.
    :param seen: the resource's fields when the plan was made; None if they
        could not be read.
    :param result: the expected result: a file of the backup set, or a kind of
        artifact in the cloud.
    :param size: the bytes to move, None if unknown.
    :param warnings: the notes that are always shown to the user.
    :param group: the ID of the server whose items are captured close
        together, ``''`` for a resource on its own.
    """

    resource: resources.Resource
    task: Task
    reason: str
    seen: resources.Record | None = None
    consistency: Consistency = Consistency.NONE
    result: str = ''
    size: int | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    group: str = ''

    def __post_init__(self) -> None:
        ids.require_if_any(self.group)

    @property
    def procedure(self) -> Procedure:
        """The procedure that does the task."""
        match self.task:
            case tasks.ImageDownload():
                return Procedure.IMAGE_DOWNLOAD
            case tasks.SecretDownload():
                return Procedure.SECRET_DOWNLOAD
            case tasks.ServerImage():
                return Procedure.SERVER_IMAGE
            case tasks.VolumeImage():
                return Procedure.VOLUME_IMAGE
            case tasks.SnapshotImage():
                return Procedure.SNAPSHOT_IMAGE
            case VolumeBackup():
                return Procedure.VOLUME_BACKUP
            case restores.Task(new=new):
                return _restoring(new)
        return Procedure.NONE

    @property
    def volume(self) -> resources.Volume | None:
        """The volume of the item, None for another kind."""
        return self.seen if isinstance(self.seen, resources.Volume) else None

    @property
    def server(self) -> resources.Server | None:
        """The server of the item, None for another kind."""
        return self.seen if isinstance(self.seen, resources.Server) else None

    @property
    def secret(self) -> resources.Secret | None:
        """The secret of the item, None for another kind."""
        return self.seen if isinstance(self.seen, resources.Secret) else None

    @property
    def image(self) -> resources.Image | None:
        """The image of the item, or the one that has its server's own disk."""
        match self.task:
            case tasks.ImageDownload(image=image):
                return image
            case restores.Task(own_disk=resources.Image() as image):
                return image
        return self.seen if isinstance(self.seen, resources.Image) else None

    @property
    def restore(self) -> restores.Task | None:
        """The task of a restore, None in a plan that backs up."""
        return self.task if isinstance(self.task, restores.Task) else None

    @property
    def fallback(self) -> 'Item | None':
        """The item to do if no backup service answers, None without."""
        task = self.task
        return task.fallback if isinstance(task, VolumeBackup) else None

    @property
    def stops(self) -> tuple[str, ...]:
        """The IDs of the servers that are stopped for the capture."""
        if isinstance(self.task, tasks.ImageCopy | VolumeBackup):
            return self.task.stops
        return ()

    @property
    def to_file(self) -> bool:
        """True if the data are downloaded into the backup set."""
        match self.task:
            case tasks.ImageDownload() | tasks.SecretDownload():
                return True
            case tasks.ImageCopy(to_file=to_file):
                return to_file
        return False

    @property
    def parts(self) -> tuple[str, ...]:
        """The IDs of the resources that contain this one's data."""
        return self.task.parts if isinstance(self.task, tasks.Covered) else ()

    @property
    def possible(self) -> bool:
        """True if there is a procedure, or none is needed."""
        return not isinstance(self.task, tasks.Nothing)

    @property
    def makes_things(self) -> bool:
        """True if the task makes resources in the cloud."""
        return isinstance(
            self.task, tasks.ImageCopy | VolumeBackup | restores.Task
        )

    @property
    def encrypted(self) -> bool:
        """True if the data are encrypted in the cloud."""
        return bool(
            (self.volume and self.volume.encrypted)
            or (self.image and self.image.key_id)
        )


def _restoring(new: restores.New) -> Procedure:
    match new:
        case restores.NewSecret():
            return Procedure.SECRET_STORE
        case restores.NewImage():
            return Procedure.IMAGE_UPLOAD
        case restores.NewVolume(way=restores.Way.BACKUP):
            return Procedure.VOLUME_FROM_BACKUP
        case restores.NewVolume():
            return Procedure.VOLUME_FROM_IMAGE
        case restores.NewServer():
            return Procedure.SERVER_BUILD


@dataclasses.dataclass(frozen=True, slots=True)
class Peak:
    """The minimum free quota that a run needs.

    That is enough for all artifacts and for the largest item's temporaries: if
    the quota does not suffice for all items at once, the run makes them one
    after the other. Items that were refused for lack of quota are included.

    :param quota: the quota's name in its service.
    :param needed: in the quota's unit (a count, or GiB for gigabytes).
    :param free: None if there is no limit, or it is unknown.
    """

    quota: str
    needed: int
    free: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The procedures chosen for a request.

    :param bytes_to_move: the bytes to copy within the cloud and to files.
    :param bytes_to_files: the bytes among them that go to the target.
    :param cautions: sentences that the user should read before the run.
    :param gaps: sentences on requested resources that could not be read.
    :param restore: the request of a restore; None in a plan that backs up.
    """

    identity: inventories.CloudIdentity
    request: requests.Request
    items: tuple[Item, ...] = ()
    bytes_to_move: int = 0
    bytes_to_files: int = 0
    peaks: tuple[Peak, ...] = ()
    cautions: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    restore: restores.Request | None = None
    version: int = FORMAT_VERSION

    @property
    def command(self) -> str:
        """The command for the plan: ``run``, ``restore`` or ``verify``."""
        if self.restore is None:
            return 'run'
        tried = any(one.restore and one.restore.drill for one in self.items)
        return 'verify' if tried else 'restore'

    @property
    def complete(self) -> bool:
        """True if each selected resource could be read and has a procedure."""
        return not self.gaps and all(item.possible for item in self.items)
