# SPDX-License-Identifier: Apache-2.0
"""The planner's input, read once from the cloud."""

from collections.abc import Mapping
import dataclasses
from typing import NamedTuple

from backupclient.model import resources


class Project(NamedTuple):
    """The identity of a project, without names, which are not unique."""

    auth_url: str
    region: str
    project_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class CloudIdentity:
    """The cloud, the region, the project and the user of a run."""

    auth_url: str
    region: str
    project_id: str
    project_name: str
    user_id: str

    @property
    def project(self) -> Project:
        """The project, without the user."""
        return Project(self.auth_url, self.region, self.project_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """How long the user's login lasts.

    :param renewable: False if a person has to log in again, such as after a
        login with a token or a passcode.
    :param ends_at: UTC, ISO 8601; ``''`` if there is no known end.
    :param seconds_left: seconds until the end at the time of reading, None
        without an end.
    """

    renewable: bool = True
    ends_at: str = ''
    seconds_left: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Quota:
    """A limit and its use; a limit of -1 means unlimited."""

    limit: int
    used: int

    @property
    def free(self) -> int | None:
        """The free amount, 0 if overused, None without a limit."""
        return None if self.limit < 0 else max(0, self.limit - self.used)


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """The resources of a project, with its quotas and the user's roles.

    :param roles: the names of the user's roles in the project.
    :param services: the service types in the catalogue, by openstacksdk's
        names: ``block-storage``, ``image``, ``compute``, ``key-manager``.
    :param backup_api: False if Cinder backups cannot be listed.
    :param quotas: by Cinder's names: ``volumes``, ``gigabytes``,
        ``snapshots``, ``backups``, ``backup_gigabytes`` and, per volume type,
        ``volumes_<type>`` and so on; for a restore also by Nova's:
        ``instances``, ``cores``, ``ram`` (MiB), and by those of Glance:
        ``image_count_total``, ``image_size_total`` (MiB). A missing quota is
        unknown.
    :param unread: why a list could not be read, in a sentence, by the kind of
        the list: a kind of resources, ``snapshot``, ``backup``, ``quota``,
        ``server-quota`` or ``image-quota``. A list is read as a whole or not
        at all.
    :param silent: the service types in the catalogue that did not answer.
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
