# SPDX-License-Identifier: Apache-2.0
"""One read of the project: everything that the planner has to know."""

from collections.abc import Callable, Iterable
import dataclasses
import functools
import logging
from typing import TypeVar

from backupclient import errors
from backupclient.cloud import door
from backupclient.model import inventory as inventory_
from backupclient.model import properties
from backupclient.model import resources

LOG = logging.getLogger(__name__)
T = TypeVar('T')


def read(
    cloud: door.Cloud, images: Iterable[str] = ()
) -> inventory_.Inventory:
    """Read the project: a request per page, none per resource.

    :param images: names or IDs that the user typed: others' images are
        found only by these.
    """
    unread: dict[str, str] = {}
    rows = functools.partial(_rows, unread)
    found = read_storage(cloud, images)
    storage = _has(cloud, 'block-storage')
    project = cloud.identity.project_id
    servers = rows('server', _has(cloud, 'compute'), cloud.nova.servers)
    return dataclasses.replace(
        found,
        servers=_described(cloud, servers, found.images),
        secrets=rows(
            'secret', _has(cloud, 'key-manager'), cloud.barbican.secrets
        ),
        quotas=cloud.cinder.quotas(project) if storage else {},
        unread={**found.unread, **unread},
    )


def read_storage(
    cloud: door.Cloud, images: Iterable[str] = ()
) -> inventory_.Inventory:
    """Read only where a run may leave something: no servers, no secrets."""
    unread: dict[str, str] = {}
    rows = functools.partial(_rows, unread)
    storage = _has(cloud, 'block-storage')
    backups = _backups(cloud) if storage else None
    return inventory_.Inventory(
        identity=cloud.identity,
        roles=cloud.roles,
        services=cloud.services,
        backup_api=backups is not None,
        volumes=rows('volume', storage, cloud.cinder.volumes),
        snapshots=rows('snapshot', storage, cloud.cinder.snapshots),
        backups=backups or (),
        images=rows(
            'image', _has(cloud, 'image'), lambda: _images(cloud, images)
        ),
        unread=unread,
    )


def _has(cloud: door.Cloud, service: str) -> bool:
    return service in cloud.services


def _rows(
    unread: dict[str, str],
    kind: str,
    present: bool,
    read_all: Callable[[], Iterable[T]],
) -> tuple[T, ...]:
    """Read a list; what the roles do not allow is noted."""
    if not present:
        return ()
    try:
        return tuple(read_all())
    except errors.Forbidden as exc:
        unread[kind] = str(exc)
        return ()


def _backups(
    cloud: door.Cloud,
) -> tuple[resources.CinderBackup, ...] | None:
    """The Cinder backups, None where the cloud or the policy has none.

    That the list can be read does not say that a backup service runs: only
    a backup tells.
    """
    try:
        return tuple(cloud.cinder.backups())
    except (errors.Forbidden, errors.NotFound):
        return None


def _images(
    cloud: door.Cloud, named: Iterable[str]
) -> tuple[resources.Image, ...]:
    own = list(cloud.glance.images(cloud.identity.project_id))
    known = {image.id for image in own} | {image.name for image in own}
    for name in named:
        if name not in known:
            own.extend(cloud.glance.foreign(name))
    return tuple({image.id: image for image in own}.values())


def _described(
    cloud: door.Cloud,
    servers: tuple[resources.Server, ...],
    images: Iterable[resources.Image],
) -> tuple[resources.Server, ...]:
    """Note at each server what the image says that it was made from."""
    known = {image.id: image for image in images}
    others = {server.image_id for server in servers} - {'', *known}
    known |= _others(cloud, others)
    return tuple(
        _from_image(server, known[server.image_id])
        if server.image_id in known
        else server
        for server in servers
    )


def _others(
    cloud: door.Cloud, image_ids: Iterable[str]
) -> dict[str, resources.Image]:
    """Read the images of others, which the list of the project's own lacks.

    The plan can do without: the run reads the same of Nova's snapshot.
    """
    if not _has(cloud, 'image'):
        return {}
    try:
        return {one.id: one for one in cloud.glance.visible(image_ids)}
    except errors.CloudError as exc:
        LOG.debug('Images of servers were not read: %s', exc)
        return {}


def _from_image(
    server: resources.Server, image: resources.Image
) -> resources.Server:
    return dataclasses.replace(
        server,
        image_properties=properties.owned(image.properties),
        min_disk=image.min_disk,
        min_ram=image.min_ram,
    )
