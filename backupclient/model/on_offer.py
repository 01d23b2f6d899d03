# SPDX-License-Identifier: Apache-2.0
"""The cloud's offers for new resources: types, flavors, networks, ..."""

from collections.abc import Mapping
import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Flavor:
    """A flavor of Nova.

    :param disk_gib: the root disk; 0 means the size of the image.
    """

    id: str
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    ephemeral_gib: int = 0
    swap_mib: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """A network or a security group."""

    id: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeType:
    """A volume type, with the facts that a user can see.

    :param encrypted: None if unknown. Cinder shows it to administrators only;
        the planner of a restore infers it from the volumes of the project.
    """

    id: str
    name: str
    encrypted: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Offers:
    """The cloud's offers. A field is None if it could not be read.

    :param zones: the zones for volumes; ``server_zones`` for servers.
    :param unread: why a field is None, in a sentence, by the field's name.
    """

    volume_types: tuple[VolumeType, ...] | None = None
    default_type: str = ''
    zones: frozenset[str] | None = None
    flavors: tuple[Flavor, ...] | None = None
    server_zones: frozenset[str] | None = None
    key_pairs: frozenset[str] | None = None
    networks: tuple[Named, ...] | None = None
    security_groups: tuple[Named, ...] | None = None
    unread: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def why_unread(self, field: str) -> str:
        """Return why a field is None, as a sentence."""
        return self.unread.get(field) or 'It was not read.'
