# SPDX-License-Identifier: Apache-2.0
"""The request, and the inventory indexed by IDs."""

from collections.abc import Iterable, Mapping
import dataclasses

from backupclient.model import details
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import services


@dataclasses.dataclass(frozen=True, slots=True)
class Index:
    """The facts that the rules need; ``survey`` makes it.

    :param servers: by ID, as are volumes, images and secrets.
    :param volumes_of: the IDs of the volumes that are attached to a server or
        reserved for it, by the server's ID.
    :param servers_of: the servers of a volume in the order of their names, by
        the volume's ID.
    :param parents: the newest available backup of a volume, by the volume's
        ID. Cinder makes an incremental backup on top of this one.
    :param secret_names: the names of all secrets.
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
        """Return why a service cannot be used, ``''`` if it can.

        It may be absent, or not answer.

        :param service: the service's type, as openstacksdk names it.
        """
        return services.missing(self.inventory, service)

    def details(self, resource: resources.Resource) -> str:
        """Return details that distinguish resources with the same name."""
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
    """Return the index of an inventory, for a request."""
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
    """Return the IDs of each server's volumes, as Nova and Cinder list them.

    Cinder alone is not enough: it names no server for a volume that a shelved
    server has reserved.
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
