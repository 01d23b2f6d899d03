# SPDX-License-Identifier: Apache-2.0
"""Calls to Nova that create, find, finish and delete restored servers.

Each raises CloudError if Nova refuses, and AnswerLost if it did not answer
and the call may not be sent twice.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import re

from backupclient.cloud import fields
from backupclient.cloud import nova_api
from backupclient.cloud import records
from backupclient.model import resources
from backupclient.model import restores

MICROVERSION = '2.90'
"""Nova 2.90 (Xena) is the first microversion that accepts a hostname. Without
a hostname the guest would take the server's temporary name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a server to be built: an image or a volume.

    :param image_id: the image that Nova copies to a local disk; only for the
        first disk, from which the server boots.
    :param volume_id: the volume that is attached. It outlives the server.
    :param device: the requested device name, such as ``/dev/vdb``; ignored
        for the first disk. The hypervisor may choose another name.
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
    """Request a server; the caller waits until it is built.

    :param name: the temporary name; :func:`rename` sets the final one.
    :param hostname: the name by which the guest knows itself.
    :param like: flavor, networks, security groups, key pair and zone.
    :param disks: at least one.
    :returns: the server's ID.
    :raises AnswerLost: if Nova did not answer. The server may exist: see
        :func:`find`.
    """
    body: dict[str, object] = {
        'name': name,
        'hostname': _hostname(hostname),
        'flavorRef': like.flavor_id,
        'metadata': dict(metadata),
        'block_device_mapping_v2': [
            _mapping(number, disk) for number, disk in enumerate(disks)
        ],
        # "none" is no network; without it Nova would choose one.
        'networks': [{'uuid': each} for each in like.networks] or 'none',
        'config_drive': config_drive,
    }
    if disks[0].image_id:
        # Nova wants the image here as well as in the mapping.
        body['imageRef'] = disks[0].image_id
    if description:
        body['description'] = description
    if like.key_name:
        body['key_name'] = like.key_name
    if like.zone:
        body['availability_zone'] = like.zone
    if like.networks and like.security_groups:
        body['security_groups'] = [
            # Nova takes names and IDs here; these are IDs.
            {'name': each}
            for each in like.security_groups
        ]
    service = dataclasses.replace(nova.service, microversion=MICROVERSION)
    answer = service.post(
        '/servers', f'create server {name}', {'server': body}
    )
    return records.made(answer, 'server', 'id')


def find(
    nova: nova_api.Nova, name: str, metadata: Mapping[str, str]
) -> str | None:
    """Return the ID of the server with this name and at least these metadata.

    It finds a server whose creation was not answered.

    :param name: a temporary name, which has no special characters.
    :returns: None if there is no such server.
    """
    candidates = nova.service.pages(
        '/servers/detail', 'servers', 'list the servers', name=f'^{name}$'
    )
    for server in map(records.server, candidates):
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
    """Request the deletion of a server; the caller waits until it is gone."""
    nova.service.delete(f'/servers/{server_id}', f'delete server {server_id}')


def state(server: resources.Server | None, gone: str) -> str:
    """Return a server's status in lower case.

    :param gone: what is returned if there is no server.
    """
    return server.status.lower() if server else gone


def _mapping(number: int, disk: Disk) -> dict[str, object]:
    kind = 'image' if disk.image_id else 'volume'
    body: dict[str, object] = {
        'uuid': disk.image_id or disk.volume_id,
        'source_type': kind,
        'destination_type': 'local' if disk.image_id else 'volume',
        'boot_index': 0 if number == 0 else -1,
        # A volume outlives its server.
        'delete_on_termination': bool(disk.image_id),
    }
    if disk.device and number:
        body['device_name'] = disk.device
    return body


def _hostname(name: str) -> str:
    """Return a hostname for the name of a server.

    The rules are those of ``nova/utils.py:sanitize_hostname``, except that
    dots become hyphens too, because the API refuses them.
    """
    plain = re.sub('[ _.]', '-', name.encode('ascii', 'ignore').decode())
    plain = re.sub('[^a-z0-9-]', '', plain.lower()).strip('-')[:63]
    return plain.strip('-') or 'restored'
