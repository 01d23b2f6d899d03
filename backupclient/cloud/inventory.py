# SPDX-License-Identifier: Apache-2.0
"""One read of the project: everything that the planner has to know."""

from collections.abc import Callable, Iterable
import dataclasses
import functools
from typing import TypeVar

from backupclient import errors
from backupclient.cloud import door
from backupclient.model import inventory as inventory_
from backupclient.model import resources

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
    return dataclasses.replace(
        found,
        servers=rows('server', _has(cloud, 'compute'), cloud.nova.servers),
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
