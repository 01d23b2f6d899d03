# SPDX-License-Identifier: Apache-2.0
"""Restoring: what a user asked for, and how each resource comes back."""

from collections.abc import Mapping
import dataclasses
import enum

from backupclient.model import addresses
from backupclient.model import copies
from backupclient.model import ids
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tags

NOT_NETWORKED = 'none'
"""What Nova calls a server without networks."""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What comes back, from where, and what takes the place of what is gone.

    :param selection: only the fields that select.
    :param source: the target of ``--from``, without passwords, as
        :func:`backupclient.operations.request.target` returns it; ``''`` for
        the project's own artifacts in the cloud.
    :param run: the ID of the run, ``''`` for the newest that fits.
    :param at: UTC, ISO 8601: the newest run that had ended by then.
    :param suffix: behind the names of what is made.
    :param volume_types: by the old name the new one; ``flavors`` and
        ``zones`` likewise.
    :param networks: by the old name the new one; ``''`` is the old name of
        every network that has no line of its own.
    :param key_pair: for the servers, ``''`` for that of the same name.
    :param decrypt: encrypted data may go into a type without encryption.
    """

    selection: requests.Request
    source: str = ''
    run: str = ''
    at: str = ''
    suffix: str = ''
    skip_existing: bool = False
    without_servers: bool = False
    volume_types: Mapping[str, str] = dataclasses.field(default_factory=dict)
    flavors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    zones: Mapping[str, str] = dataclasses.field(default_factory=dict)
    networks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    key_pair: str = ''
    decrypt: bool = False

    def __post_init__(self) -> None:
        if self.source:
            addresses.kept(self.source)
        if self.run:
            tags.require_run_id(self.run)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """The backup that a resource comes back from.

    :param run: that made it; its set has the files.
    :param captured_at: UTC, ISO 8601, ``''`` when not known.
    """

    run: str
    captured_at: str = ''
    file: copies.FileRecord | None = None
    artifact: copies.Artifact | None = None
    key: copies.KeyRecord | None = None

    def __post_init__(self) -> None:
        tags.require_run_id(self.run)


class Way(enum.StrEnum):
    """How the data of a volume become those of a new one.

    ``PLAIN``: they are not encrypted. ``WITH_KEY``: as they are, with their
    key beside them. ``OPENED``: they are opened on the way, and Cinder
    encrypts them anew, as the new type wants it. ``BACKUP``: Cinder does it,
    from a backup of its own.
    """

    PLAIN = 'plain'
    WITH_KEY = 'with-key'
    OPENED = 'opened'
    BACKUP = 'backup'


@dataclasses.dataclass(frozen=True, slots=True)
class NewVolume:
    """A volume to be made.

    :param type_name: ``''`` for the cloud's default.
    :param zone: ``''`` for Cinder's choice.
    :param bytes: of the image that it is made of, None when not known.
    :param encrypted: the new volume has to be: else it is taken away again.
    """

    size_gib: int
    way: Way
    type_name: str = ''
    zone: str = ''
    bytes: int | None = None
    encrypted: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Disk:
    """A volume of a server to be built.

    :param volume_id: of the volume that was backed up.
    :param device: where it was, ``''`` when not known.
    """

    volume_id: str
    device: str = ''

    def __post_init__(self) -> None:
        ids.require(self.volume_id)


@dataclasses.dataclass(frozen=True, slots=True)
class NewServer:
    """A server to be built.

    :param boot_volume: the old ID of the volume that it boots from, ``''``
        where its own disk comes from an image.
    :param boot_image: the old ID of an image of the same restore that has
        its disk, as of a shelved server; ``''`` where the copy has it.
    :param disks: the other volumes, in their order.
    :param networks: IDs; none: it has no network.
    :param security_groups: IDs.
    :param vcpus: of the flavor, 0 when not known; ``ram_mib`` likewise.
    """

    flavor_id: str
    flavor_name: str
    boot_volume: str = ''
    boot_image: str = ''
    disks: tuple[Disk, ...] = ()
    networks: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    key_name: str = ''
    zone: str = ''
    vcpus: int = 0
    ram_mib: int = 0

    def __post_init__(self) -> None:
        ids.require_if_any(self.boot_volume, self.boot_image)


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A secret of a container, by its old ID.

    :param role: what it is in the container, ``''`` for a nameless one.
    """

    secret_id: str
    role: str = ''

    def __post_init__(self) -> None:
        ids.require(self.secret_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """A container of secrets, made when the last of them is back.

    :param kind: Barbican's: ``certificate``, ``rsa`` or ``generic``.
    """

    name: str
    kind: str
    members: tuple[Member, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret to be stored.

    :param containers: that are made after this secret.
    """

    containers: tuple[Container, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class NewImage:
    """An image to be uploaded."""


New = NewSecret | NewImage | NewVolume | NewServer
"""What a restore makes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """How one resource comes back.

    :param name: of what is made.
    :param needs: the old IDs of the resources that have to be back before.
    :param after: of those whose turn has to be over, whatever became of
        them.
    :param own_disk: the image that a server is built from, to be uploaded or
        still in the cloud.
    :param drill: it is only tried: what is made is compared, and taken away
        again.
    """

    source: Source
    name: str
    new: New
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    own_disk: resources.Image | None = None
    drill: bool = False

    def __post_init__(self) -> None:
        ids.require(*self.needs, *self.after)
