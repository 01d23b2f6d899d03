# SPDX-License-Identifier: Apache-2.0
"""The inventory with its cross references, beside the request."""

from collections.abc import Iterable, Mapping
import dataclasses

from backupclient.model import details
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import services


@dataclasses.dataclass(frozen=True, slots=True)
class Index:
    """What the rules look at; ``survey`` makes it.

    :param servers: by ID, as are volumes, images and secrets.
    :param volumes_of: by a server's ID the IDs of the volumes that it holds,
        attached or reserved for it.
    :param servers_of: by a volume's ID the servers that hold it, in the order
        of their names.
    :param parents: by a volume's ID the backup that an incremental one would
        build on: the newest available. Cinder gives no choice.
    """

    request: requests.Request
    inventory: inventories.Inventory
    servers: Mapping[str, resources.Server]
    volumes: Mapping[str, resources.Volume]
    images: Mapping[str, resources.Image]
    secrets: Mapping[str, resources.Secret]
    volumes_of: Mapping[str, frozenset[str]]
    servers_of: Mapping[str, tuple[resources.Server, ...]]
    parents: Mapping[str, resources.CinderBackup]
    secret_names: frozenset[str]

    def missing(self, service: str) -> str:
        """Give the reason if a service is absent, or does not answer.

        :param service: a type, as openstacksdk names it.
        """
        return services.missing(self.inventory, service)

    def details(self, resource: resources.Resource) -> str:
        """Say what tells a resource from others with its name."""
        match resource.kind:
            case resources.Kind.SERVER:
                return details.server(self.servers[resource.id])
            case resources.Kind.VOLUME:
                return details.volume(self.volumes[resource.id], self.servers)
            case resources.Kind.IMAGE:
                return details.image(self.images[resource.id])
            case resources.Kind.SECRET:
                return details.secret(self.secrets[resource.id])


def survey(
    request: requests.Request,
    inventory: inventories.Inventory,
) -> Index:
    """Index an inventory, each list once."""
    volumes_of = _volumes_of(inventory)
    return Index(
        request=request,
        inventory=inventory,
        servers={server.id: server for server in inventory.servers},
        volumes={volume.id: volume for volume in inventory.volumes},
        images={image.id: image for image in inventory.images},
        secrets={secret.id: secret for secret in inventory.secrets},
        volumes_of=volumes_of,
        servers_of=_servers_of(inventory.servers, volumes_of),
        parents=_parents(inventory.backups),
        secret_names=frozenset(one.name for one in inventory.secrets),
    )


def _volumes_of(
    inventory: inventories.Inventory,
) -> Mapping[str, frozenset[str]]:
    """Join what Nova and Cinder say.

    Cinder names no server for a volume that is reserved by a shelved one.
    """
    found = {server.id: set(server.volume_ids) for server in inventory.servers}
    for volume in inventory.volumes:
        for attachment in volume.attachments:
            found.setdefault(attachment.server_id, set()).add(volume.id)
    return {id_: frozenset(volumes) for id_, volumes in found.items()}


def _servers_of(
    servers: Iterable[resources.Server],
    volumes_of: Mapping[str, frozenset[str]],
) -> Mapping[str, tuple[resources.Server, ...]]:
    found: dict[str, tuple[resources.Server, ...]] = {}
    for server in sorted(servers, key=lambda one: (one.name, one.id)):
        for volume_id in volumes_of[server.id]:
            found[volume_id] = (*found.get(volume_id, ()), server)
    return found


def _parents(
    backups: Iterable[resources.CinderBackup],
) -> Mapping[str, resources.CinderBackup]:
    available = [one for one in backups if one.status == 'available']
    available.sort(key=lambda one: (one.created_at, one.id))
    return {one.volume_id: one for one in available}
