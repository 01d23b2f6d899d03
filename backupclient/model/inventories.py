# SPDX-License-Identifier: Apache-2.0
"""Everything that the planner has to know, read once from the cloud."""

from collections.abc import Mapping
import dataclasses
from typing import NamedTuple

from backupclient.model import resources


class Project(NamedTuple):
    """What tells a project from all others: names can be the same."""

    auth_url: str
    region: str
    project_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class CloudIdentity:
    """Which cloud, and as whom: what tells two clouds' runs apart."""

    auth_url: str
    region: str
    project_id: str
    project_name: str
    user_id: str

    @property
    def project(self) -> Project:
        """The project, whoever the user is."""
        return Project(self.auth_url, self.region, self.project_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """How long the user's login lasts.

    :param renewable: False if a person has to log in again: with a token or
        a passcode.
    :param ends_at: UTC, ISO 8601; ``''`` for no end that is known.
    :param seconds_left: when it was read, None without an end.
    """

    renewable: bool = True
    ends_at: str = ''
    seconds_left: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Quota:
    """A limit and its use; a limit of -1 is none."""

    limit: int
    used: int

    @property
    def free(self) -> int | None:
        """How much is left, None without a limit."""
        return None if self.limit < 0 else max(0, self.limit - self.used)


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """One read of a project.

    :param roles: the names of the user's roles in the project.
    :param services: the service types that the catalogue has, as
        openstacksdk names them: ``block-storage``, ``image``, ``compute``,
        ``key-manager``.
    :param backup_api: False where the user may not list Cinder backups.
    :param quotas: by Cinder's names: ``volumes``, ``gigabytes``,
        ``snapshots``, ``backups``, ``backup_gigabytes`` and, per volume type,
        ``volumes_<type>`` and so on; for a restore also by Nova's:
        ``instances``, ``cores``, ``ram`` (MiB), and by those of Glance:
        ``image_count_total``, ``image_size_total`` (MiB). A missing one is
        not known.
    :param unread: by the kind of what could not be read, why, in a sentence:
        a kind of resources, ``snapshot``, ``backup``, ``quota``,
        ``server-quota`` or ``image-quota``. A list is read as a whole or not
        at all.
    :param silent: the service types that the catalogue has and that did not
        answer: nothing can be done with them now.
    """

    identity: CloudIdentity
    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    backup_api: bool = True
    servers: tuple[resources.Server, ...] = ()
    volumes: tuple[resources.Volume, ...] = ()
    snapshots: tuple[resources.Snapshot, ...] = ()
    backups: tuple[resources.CinderBackup, ...] = ()
    images: tuple[resources.Image, ...] = ()
    secrets: tuple[resources.Secret, ...] = ()
    quotas: Mapping[str, Quota] = dataclasses.field(default_factory=dict)
    unread: Mapping[str, str] = dataclasses.field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    login: Login = Login()
