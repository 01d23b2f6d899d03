# SPDX-License-Identifier: Apache-2.0
"""The plan: which procedure backs up or restores what, and what cannot be."""

import dataclasses
import enum

from backupclient.model import ids
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores

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


RESTORING = frozenset(
    {
        Procedure.SECRET_STORE,
        Procedure.IMAGE_UPLOAD,
        Procedure.VOLUME_FROM_IMAGE,
        Procedure.VOLUME_FROM_BACKUP,
        Procedure.SERVER_BUILD,
    }
)
"""The procedures that restore."""

AT_REST = frozenset({'SHUTOFF', 'SHELVED', 'SHELVED_OFFLOADED'})
"""Nova's states of a server that writes to none of its disks."""


class Consistency(enum.StrEnum):
    """What a copy is worth: how its source was when it was captured."""

    DETACHED = 'detached'
    CRASH = 'crash-consistent'
    STOPPED = 'stopped'
    IMMUTABLE = 'immutable'
    NONE = ''


_KINDS = {
    Procedure.IMAGE_DOWNLOAD: {resources.Kind.IMAGE, resources.Kind.SERVER},
    Procedure.SERVER_IMAGE: {resources.Kind.SERVER},
    Procedure.VOLUME_BACKUP: {resources.Kind.VOLUME},
    Procedure.VOLUME_IMAGE: {resources.Kind.VOLUME},
    Procedure.SNAPSHOT_IMAGE: {resources.Kind.VOLUME},
    Procedure.SECRET_DOWNLOAD: {resources.Kind.SECRET},
    Procedure.SECRET_STORE: {resources.Kind.SECRET},
    Procedure.IMAGE_UPLOAD: {resources.Kind.IMAGE},
    Procedure.VOLUME_FROM_IMAGE: {resources.Kind.VOLUME},
    Procedure.VOLUME_FROM_BACKUP: {resources.Kind.VOLUME},
    Procedure.SERVER_BUILD: {resources.Kind.SERVER},
    Procedure.NONE: set(resources.Kind),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One resource and what is to be done with it.

    Exactly one of ``server``, ``volume``, ``image`` and ``secret`` is set:
    the resource as the plan saw it. Beside a server there is the ``image`` to
    download if it is shelved, or that of its own disk if it is restored.

    :param reason: why this procedure, or why none, in a sentence.
    :param covered_by: what holds the data, where the resource has none of
        its own: there is nothing to do for it, and nothing is missing.
    :param parts: the IDs of the resources that hold these data, if any do:
        what holds for them holds for this one.
    :param result: what will be there: a file of the backup set, or a kind of
        artifact in the cloud.
    :param size: of the data that have to be moved, None when not known.
    :param warnings: those of the notes that a person should read unasked.
    :param to_file: the data leave the cloud, into the backup set.
    :param keep_image: the image stays after the checked download.
    :param incremental: for ``volume-backup``: builds on an earlier one.
    :param group: items of one group are captured close together: the ID of
        their server, ``''`` for a resource on its own.
    :param stops: the IDs of the running servers that have to be stopped for
        the capture, and are started again afterwards.
    :param fallback: what to do instead when the backup service of the cloud
        does not answer.
    :param restore: how it comes back; None in a plan that backs up.
    :param present: the ID of what a restore finds here already: nothing is
        made for it.
    """

    resource: resources.Resource
    procedure: Procedure
    reason: str
    consistency: Consistency = Consistency.NONE
    result: str = ''
    size: int | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    to_file: bool = False
    keep_image: bool = False
    incremental: bool = False
    group: str = ''
    covered_by: str = ''
    parts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    server: resources.Server | None = None
    volume: resources.Volume | None = None
    image: resources.Image | None = None
    secret: resources.Secret | None = None
    fallback: 'Item | None' = None
    restore: restores.Task | None = None
    present: str = ''

    def __post_init__(self) -> None:
        ids.require_if_any(self.group, self.present)
        ids.require(*self.parts, *self.stops)
        if self.resource.kind not in _KINDS[self.procedure]:
            raise ValueError(
                f'{self.resource.label} cannot be backed up by '
                f'{self.procedure}'
            )
        self._check_records()

    def _check_records(self) -> None:
        for one in (
            self.server,
            self.volume,
            None if self.server else self.image,
            self.secret,
            self.fallback,
        ):
            if one is not None and one.resource != self.resource:
                raise ValueError(
                    f'{self.resource.label} has the data of '
                    f'{one.resource.label}'
                )
        if self.procedure is Procedure.NONE:
            return
        if (self.restore is not None) is not (self.procedure in RESTORING):
            raise ValueError(
                f'{self.resource.label}: {self.procedure} and what is to be '
                'restored do not fit'
            )
        if self.procedure in RESTORING:
            return
        downloads = self.procedure is Procedure.IMAGE_DOWNLOAD
        if downloads is not (self.image is not None):
            has = (
                'needs an image and has none' if downloads else 'has an image'
            )
            raise ValueError(
                f'{self.resource.label}: its procedure {self.procedure} {has}'
            )

    @property
    def possible(self) -> bool:
        """True when a procedure was found, or none is needed."""
        return self.procedure is not Procedure.NONE or bool(
            self.covered_by or self.present
        )

    @property
    def makes_things(self) -> bool:
        """True when something is made in the cloud for it."""
        return self.procedure not in (
            Procedure.IMAGE_DOWNLOAD,
            Procedure.SECRET_DOWNLOAD,
            Procedure.NONE,
        )

    @property
    def encrypted(self) -> bool:
        """True when the data are noise without a key."""
        return bool(
            (self.volume and self.volume.encrypted)
            or (self.image and self.image.key_id)
        )


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
