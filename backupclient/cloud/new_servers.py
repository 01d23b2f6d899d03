# SPDX-License-Identifier: Apache-2.0
"""Calls of Nova that build servers from restored disks."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import re

from backupclient.cloud import fields
from backupclient.cloud import nova_api
from backupclient.cloud import records
from backupclient.model import resources
from backupclient.model import restores

MICROVERSION = '2.90'
"""The first microversion that takes a hostname, of Xena. Without one the guest
would know itself by the temporary name of the server."""


@dataclasses.dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a server to be built. A server boots from its first.

    :param image_id: of the image that is copied to a disk on the host.
    :param volume_id: of the volume that is attached. It outlives the server.
    :param device: the name that is asked for, but not for the first disk.
        Hypervisors may choose another.
    """

    image_id: str = ''
    volume_id: str = ''
    device: str = ''


def create(
    nova: nova_api.Nova,
    name: str,
    hostname: str,
    like: restores.NewServer,
    disks: Sequence[Disk],
    metadata: Mapping[str, str],
    *,
    description: str = '',
    config_drive: bool = False,
) -> str:
    """Ask for a server; the caller waits until it is built.

    :param name: the temporary one.
    :param hostname: the name by which the guest knows itself.
    :returns: the server's ID.
    """
    body: dict[str, object] = {
        'name': name,
        'hostname': _hostname(hostname),
        'flavorRef': like.flavor_id,
        'metadata': dict(metadata),
        'block_device_mapping_v2': [
            _mapping(number, disk) for number, disk in enumerate(disks)
        ],
        'networks': [{'uuid': each} for each in like.networks] or 'none',
        'config_drive': config_drive,
    }
    if disks[0].image_id:
        body['imageRef'] = disks[0].image_id
    if description:
        body['description'] = description
    if like.key_name:
        body['key_name'] = like.key_name
    if like.zone:
        body['availability_zone'] = like.zone
    if like.networks and like.security_groups:
        body['security_groups'] = [
            {'name': each} for each in like.security_groups
        ]
    service = dataclasses.replace(nova.service, microversion=MICROVERSION)
    answer = service.post(
        '/servers', f'create server {name}', {'server': body}
    )
    return records.made(answer, 'server', 'id')


def find(
    nova: nova_api.Nova, name: str, metadata: Mapping[str, str]
) -> str | None:
    """Return the ID of a server with that name and at least these metadata."""
    found = nova.service.pages(
        '/servers/detail', 'servers', 'list the servers', name=f'^{name}$'
    )
    for server in map(records.server, found):
        if metadata.items() <= server.metadata.items():
            return server.id
    return None


def fault(nova: nova_api.Nova, server_id: str) -> str:
    """Return why a server is in ``ERROR``, in Nova's words, or ``''``."""
    body = nova.service.get(
        f'/servers/{server_id}', f'read server {server_id}'
    )
    found = fields.inner(records.part(body, 'server'), 'fault')
    return fields.text(found, 'message')


def rename(nova: nova_api.Nova, server_id: str, name: str) -> None:
    """Set the name of a server."""
    nova.service.repeat(
        'PUT',
        f'/servers/{server_id}',
        f'set the name of server {server_id}',
        json={'server': {'name': name}},
    )


def set_metadata(
    nova: nova_api.Nova, server_id: str, metadata: Mapping[str, str]
) -> None:
    """Replace the metadata of a server."""
    nova.service.repeat(
        'PUT',
        f'/servers/{server_id}/metadata',
        f'set the metadata of server {server_id}',
        json={'metadata': dict(metadata)},
    )


def set_tags(nova: nova_api.Nova, server_id: str, tags: Iterable[str]) -> None:
    """Replace the tags of a server."""
    nova.service.repeat(
        'PUT',
        f'/servers/{server_id}/tags',
        f'set the tags of server {server_id}',
        json={'tags': list(tags)},
    )


def delete(nova: nova_api.Nova, server_id: str) -> None:
    """Ask for a server's deletion; the caller waits until it is gone."""
    nova.service.delete(f'/servers/{server_id}', f'delete server {server_id}')


def state(server: resources.Server | None, gone: str) -> str:
    """Return the status of a server in lower case, ``gone`` without one."""
    return server.status.lower() if server else gone


def _mapping(number: int, disk: Disk) -> dict[str, object]:
    kind = 'image' if disk.image_id else 'volume'
    found: dict[str, object] = {
        'uuid': disk.image_id or disk.volume_id,
        'source_type': kind,
        'destination_type': 'local' if disk.image_id else 'volume',
        'boot_index': 0 if number == 0 else -1,
        # A volume outlives its server.
        'delete_on_termination': bool(disk.image_id),
    }
    if disk.device and number:
        found['device_name'] = disk.device
    return found


def _hostname(name: str) -> str:
    """Make a hostname of a server's name, as Nova does.

    ``nova/utils.py:sanitize_hostname``; here dots become hyphens, because the
    API refuses them in a hostname.
    """
    plain = re.sub('[ _.]', '-', name.encode('ascii', 'ignore').decode())
    plain = re.sub('[^a-z0-9-]', '', plain.lower()).strip('-')[:63]
    return plain.strip('-') or 'restored'
