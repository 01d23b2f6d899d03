# SPDX-License-Identifier: Apache-2.0
"""Restores: a user's request, and the task for each resource."""

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
"""Nova's value of ``networks`` for a server without networks."""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """The resources to restore, their source, and replacements in this cloud.

    :param selection: a request of which only the selecting fields count.
    :param source: the value of ``--from`` without passwords, as
        :func:`backupclient.operations.request.target` returns it; ``''`` for
        the project's own artifacts in the cloud.
    :param run: the ID of the run, ``''`` for the newest that fits.
    :param at: UTC, ISO 8601: use the newest run that had ended by then.
    :param suffix: appended to the names of the new resources.
    :param volume_types: new names by old names; ``flavors`` and ``zones``
        likewise.
    :param networks: new networks by old names; the old name ``''`` stands for
        all networks that are not listed.
    :param key_pair: the key pair of all servers, ``''`` for the one with the
        old name.
    :param decrypt: whether encrypted data may be stored in a volume type
        without encryption.
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
    """The backup from which a resource is restored.

    :param run: the run that made the backup; its set has the files.
    :param captured_at: UTC, ISO 8601, ``''`` if unknown.
    """

    run: str
    captured_at: str = ''
    file: copies.FileRecord | None = None
    artifact: copies.Artifact | None = None
    key: copies.KeyRecord | None = None

    def __post_init__(self) -> None:
        tags.require_run_id(self.run)


class Way(enum.StrEnum):
    """How the data get into a new volume.

    ``PLAIN``: copy data that are not encrypted. ``WITH_KEY``: copy encrypted
    data, and store their key. ``OPENED``: decrypt the data on the way; Cinder
    encrypts them again if the new type is encrypted. ``BACKUP``: Cinder
    restores a backup of its own.
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
    :param bytes: the size of the image from which it is made, None if
        unknown.
    :param encrypted: whether the new volume has to be encrypted: if it is not,
        it is deleted again.
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

    :param volume_id: the ID of the volume that was backed up.
    :param device: its old device name, ``''`` if unknown.
    """

    volume_id: str
    device: str = ''

    def __post_init__(self) -> None:
        ids.require(self.volume_id)


@dataclasses.dataclass(frozen=True, slots=True)
class NewServer:
    """A server to be built.

    :param boot_volume: the old ID of the volume that it boots from, ``''`` if
        its own disk comes from an image.
    :param boot_image: the old ID of an image in the same restore that has the
        server's own disk (a shelved server's); ``''`` if the server's own
        backup has it.
    :param disks: the other volumes, in their order.
    :param networks: the IDs of its networks; empty for none.
    :param security_groups: the IDs of its security groups.
    :param vcpus: the flavor's, 0 if unknown; ``ram_mib`` likewise.
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

    :param role: its name in the container, such as ``private_key``; ``''`` for
        a nameless secret.
    """

    secret_id: str
    role: str = ''

    def __post_init__(self) -> None:
        ids.require(self.secret_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """A container of secrets, made when all its secrets are restored.

    :param kind: Barbican's: ``certificate``, ``rsa`` or ``generic``.
    """

    name: str
    kind: str
    members: tuple[Member, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret to be stored.

    :param containers: the containers to make after this secret, as its last
        member.
    """

    containers: tuple[Container, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class NewImage:
    """An image to be uploaded."""


New = NewSecret | NewImage | NewVolume | NewServer
"""The resource that a restore makes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """The restore of one resource.

    :param name: the name of the new resource.
    :param needs: the old IDs of resources that must be restored before.
    :param after: the old IDs of resources that must be done before, whether
        restored or failed.
    :param own_disk: the image from which a server is built; it is uploaded
        first, unless it is still in the cloud.
    :param drill: whether the restore is a test: the new resource is compared
        and deleted again.
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
