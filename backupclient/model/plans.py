# SPDX-License-Identifier: Apache-2.0
"""The plan: which procedure backs up or restores what, and what cannot be."""

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
    """The ways to back up one resource, and to restore it."""

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
"""Nova's states of a server that writes to none of its disks."""


class Consistency(enum.StrEnum):
    """What a copy is worth: how its source was when it was captured."""

    DETACHED = 'detached'
    CRASH = 'crash-consistent'
    STOPPED = 'stopped'
    IMMUTABLE = 'immutable'
    NONE = ''


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeBackup:
    """Cinder backs a volume up.

    :param incremental: it builds on an earlier backup.
    :param stops: as of :class:`.tasks.ImageCopy`.
    :param fallback: what to do instead when the backup service of the cloud
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
"""What is to be done. Each class has what its procedure needs, no more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One resource and what is to be done with it.

    :param reason: why this procedure, or why none, in a sentence.
    :param seen: the resource as the plan saw it; None when it could not.
    :param result: what will be there: a file of the backup set, or a kind of
        artifact in the cloud.
    :param size: of the data that have to be moved, None when not known.
    :param warnings: those of the notes that a person should read unasked.
    :param group: items of one group are captured close together: the ID of
        their server, ``''`` for a resource on its own.
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
        """The way to do the task."""
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
        """The volume that the item is about, if it is about one."""
        return self.seen if isinstance(self.seen, resources.Volume) else None

    @property
    def server(self) -> resources.Server | None:
        """The server that the item is about, if it is about one."""
        return self.seen if isinstance(self.seen, resources.Server) else None

    @property
    def secret(self) -> resources.Secret | None:
        """The secret that the item is about, if it is about one."""
        return self.seen if isinstance(self.seen, resources.Secret) else None

    @property
    def image(self) -> resources.Image | None:
        """The image that the item is about, or that has a server's disk."""
        match self.task:
            case tasks.ImageDownload(image=image):
                return image
            case restores.Task(own_disk=resources.Image() as image):
                return image
        return self.seen if isinstance(self.seen, resources.Image) else None

    @property
    def restore(self) -> restores.Task | None:
        """How the resource comes back, if the plan restores it."""
        return self.task if isinstance(self.task, restores.Task) else None

    @property
    def fallback(self) -> 'Item | None':
        """What to do when no backup service answers, if there is a choice."""
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
        """True when the data leave the cloud, into the backup set."""
        match self.task:
            case tasks.ImageDownload() | tasks.SecretDownload():
                return True
            case tasks.ImageCopy(to_file=to_file):
                return to_file
        return False

    @property
    def parts(self) -> tuple[str, ...]:
        """The IDs of the resources that hold the data instead."""
        return self.task.parts if isinstance(self.task, tasks.Covered) else ()

    @property
    def possible(self) -> bool:
        """True when a procedure was found, or none is needed."""
        return not isinstance(self.task, tasks.Nothing)

    @property
    def makes_things(self) -> bool:
        """True when something is made in the cloud for it."""
        return isinstance(
            self.task, tasks.ImageCopy | VolumeBackup | restores.Task
        )

    @property
    def encrypted(self) -> bool:
        """True when the data are noise without a key."""
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
    """The least of a quota that a run can do with.

    That is room for all its artifacts and for the largest of its temporaries:
    with less room than for all at once, they are made one after the other,
    and with more, side by side.
    Items that were refused for a lack of quota are counted too.

    :param quota: Cinder's name of it.
    :param needed: in the quota's unit (a count, or GiB for gigabytes).
    :param free: None when there is no limit, or it is not known.
    """

    quota: str
    needed: int
    free: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The procedures chosen for a request. A value: print, save, compare.

    :param bytes_to_move: through the services, and to files.
    :param bytes_to_files: the part of it that the target must have room for.
    :param cautions: what a person should know before the run.
    :param gaps: what was asked for and could not be looked at, in sentences.
    :param restore: what a restore was asked for; None in a plan that backs up.
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
        """The command that runs it: ``run``, ``restore`` or ``verify``."""
        if self.restore is None:
            return 'run'
        tried = any(one.restore and one.restore.drill for one in self.items)
        return 'verify' if tried else 'restore'

    @property
    def complete(self) -> bool:
        """True when everything that was selected can be done."""
        return not self.gaps and all(item.possible for item in self.items)
