# SPDX-License-Identifier: Apache-2.0
"""What a cloud offers to build resources of: types, flavors, networks."""

from collections.abc import Mapping
import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Flavor:
    """A flavor of Nova.

    :param disk_gib: of the root disk; 0 takes the size of the image.
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
    """A volume type, as far as a user can know it.

    :param encrypted: None when not known. Cinder tells administrators only;
        the planner of a restore infers it from the volumes of the project.
    """

    id: str
    name: str
    encrypted: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Offers:
    """One read of what can be had. None: it could not be read.

    :param zones: of volumes; ``server_zones`` of servers.
    :param unread: why, in a sentence, by the name of the field.
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
