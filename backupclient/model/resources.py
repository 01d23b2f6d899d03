# SPDX-License-Identifier: Apache-2.0
"""The resources of a project, as records of a service's fields.

The constructors check IDs, whether these come from a service or a file.

Longer than 300 lines because it has each field of each kind of resource.
"""

from collections.abc import Mapping
import dataclasses
import enum

from backupclient.model import ids
from backupclient.model import secret_facts

GIB = 1 << 30

PASSING_VOLUME_STATES = frozenset(
    {
        'attaching',
        'backing-up',
        'creating',
        'detaching',
        'downloading',
        'extending',
        'managing',
        'reserved',
        'restoring-backup',
        'retyping',
        'uploading',
    }
)
"""Transitional states, which a volume usually leaves by itself."""


class Kind(enum.StrEnum):
    """The kinds of resources that hold user data."""

    SERVER = 'server'
    VOLUME = 'volume'
    IMAGE = 'image'
    SECRET = 'secret'


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """The kind, name and ID of a resource that holds user data."""

    kind: Kind
    name: str
    id: str

    def __post_init__(self) -> None:
        ids.require(self.id)

    @property
    def place(self) -> str:
        """The kind and the ID as one word, such as ``volume/<ID>``."""
        return f'{self.kind}/{self.id}'

    @property
    def label(self) -> str:
        """The kind, the name and the ID, for messages."""
        name = f' "{self.name}"' if self.name else ''
        return f'{self.kind}{name} ({self.id})'


@dataclasses.dataclass(frozen=True, slots=True)
class Attachment:
    """The server and the device where a volume is attached."""

    server_id: str
    device: str


@dataclasses.dataclass(frozen=True, slots=True)
class Volume:
    """A Cinder volume.

    :param key_id: the Barbican secret of an encrypted volume; ``''`` if the
        volume is not encrypted, or the cloud has a fixed key.
    :param consumes_quota: False for Cinder's own temporary volumes.
    :param read_only: whether servers can attach it for reading only.
    """

    id: str
    name: str
    status: str
    size_gib: int
    type_name: str = ''
    description: str = ''
    availability_zone: str = ''
    created_at: str = ''
    bootable: bool = False
    encrypted: bool = False
    multiattach: bool = False
    consumes_quota: bool = True
    key_id: str = ''
    attachments: tuple[Attachment, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    image_metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    read_only: bool = False
    type_id: str = ''

    def __post_init__(self) -> None:
        ids.require(self.id)
        ids.require_if_any(self.key_id)

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.size_gib * GIB

    @property
    def resource(self) -> Resource:
        """Kind, name and ID."""
        return Resource(Kind.VOLUME, self.name, self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """A Cinder snapshot of a volume."""

    id: str
    name: str
    status: str
    volume_id: str
    size_gib: int
    created_at: str = ''
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        ids.require(self.id)
        ids.require_if_any(self.volume_id)

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.size_gib * GIB


@dataclasses.dataclass(frozen=True, slots=True)
class CinderBackup:
    """A backup in Cinder's Backup API.

    :param data_at: the time of the data in the backup; for a backup made from
        a snapshot, that is the snapshot's time. Cinder chooses the parent of
        an incremental backup by it.
    """

    id: str
    name: str
    status: str
    volume_id: str
    size_gib: int
    incremental: bool = False
    created_at: str = ''
    data_at: str = ''
    key_id: str = ''
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        ids.require(self.id)
        ids.require_if_any(self.volume_id, self.key_id)

    @property
    def size(self) -> int:
        """The size of the volume in bytes."""
        return self.size_gib * GIB


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """A Glance image.

    :param size: in bytes, None until the data are uploaded.
    :param hash_algorithm: the algorithm of Glance's hash (usually
        ``sha512``), ``''`` without a hash.
    """

    id: str
    name: str
    status: str
    owner: str
    size: int | None = None
    virtual_size: int | None = None
    visibility: str = 'private'
    hidden: bool = False
    protected: bool = False
    disk_format: str = ''
    container_format: str = ''
    min_disk: int = 0
    min_ram: int = 0
    checksum: str = ''
    hash_algorithm: str = ''
    hash_value: str = ''
    created_at: str = ''
    tags: tuple[str, ...] = ()
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        ids.require(self.id)

    @property
    def key_id(self) -> str:
        """The ID of the secret that opens the data, by Cinder, or ``''``.

        Users can set the property to anything; other texts than IDs are
        ignored.
        """
        found = self.properties.get('cinder_encryption_key_id', '')
        return found if ids.is_id(found) else ''

    @property
    def resource(self) -> Resource:
        """Kind, name and ID."""
        return Resource(Kind.IMAGE, self.name, self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """An address of a server, which helps to build the server again.

    :param kind: ``fixed`` or ``floating``.
    """

    network: str
    address: str
    kind: str = ''
    mac: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A Nova server.

    :param image_id: the image that it was made from, ``''`` for a server
        that boots from a volume.
    :param volume_ids: its attached volumes, in Nova's order.
    :param ephemeral_gib: size of the flavor's ephemeral disk, 0 for none.
    :param swap_mib: size of the flavor's swap disk, 0 for none.
    :param image_properties: the owner's properties of the source image, empty
        if the user cannot see that image.
    :param min_disk: the source image's, in GiB.
    :param min_ram: the source image's, in MiB.
    :param locked: whether only administrators can stop or start it.
    :param description: None if unknown, as in sets of earlier releases.
    """

    id: str
    name: str
    status: str
    image_id: str = ''
    task_state: str = ''
    volume_ids: tuple[str, ...] = ()
    disk_gib: int = 0
    ephemeral_gib: int = 0
    swap_mib: int = 0
    flavor_name: str = ''
    vcpus: int = 0
    ram_mib: int = 0
    config_drive: bool = False
    locked: bool = False
    availability_zone: str = ''
    key_name: str = ''
    created_at: str = ''
    root_device: str = ''
    addresses: tuple[Address, ...] = ()
    security_groups: tuple[str, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    image_properties: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )
    min_disk: int = 0
    min_ram: int = 0
    description: str | None = None

    def __post_init__(self) -> None:
        ids.require(self.id, *self.volume_ids)
        ids.require_if_any(self.image_id)

    @property
    def resource(self) -> Resource:
        """Kind, name and ID."""
        return Resource(Kind.SERVER, self.name, self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class Secret:
    """A Barbican secret, without its payload.

    :param content_type: the payload's type, ``''`` for a secret without one.
    :param metadata: set by users. Barbican's lists have neither it nor the
        ACL: both are read when the secret is backed up.
    :param acl: the access list, None if unknown.
    """

    id: str
    name: str
    status: str
    secret_type: str = 'opaque'
    algorithm: str = ''
    bit_length: int | None = None
    mode: str = ''
    content_type: str = ''
    expires_at: str = ''
    created_at: str = ''
    creator_id: str = ''
    containers: tuple[secret_facts.Membership, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    acl: secret_facts.Acl | None = None

    def __post_init__(self) -> None:
        ids.require(self.id)

    @property
    def resource(self) -> Resource:
        """Kind, name and ID."""
        return Resource(Kind.SECRET, self.name, self.id)


Record = Server | Volume | Image | Secret
"""A resource with its fields from a service."""
