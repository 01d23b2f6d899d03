# SPDX-License-Identifier: Apache-2.0
"""Short descriptions that tell resources with the same name apart.

Each function returns a part of a sentence: ``created 2026-11-20 10:11 UTC,
10 GiB, not attached``.
"""

from collections.abc import Mapping

from backupclient.model import names
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags

_NO_SERVERS: Mapping[str, resources.Server] = {}


def server(one: resources.Server) -> str:
    """Return a server's time of creation, flavor, status and origin."""
    flavor = f'flavor {one.flavor_name}' if one.flavor_name else ''
    return _joined(
        _creation(one.created_at),
        flavor,
        one.status,
        _restored(one.metadata),
    )


def volume(
    one: resources.Volume,
    servers: Mapping[str, resources.Server] = _NO_SERVERS,
) -> str:
    """Return a volume's time of creation, size, attachments and origin.

    :param servers: the servers whose names are known, by ID.
    """
    attached = [
        servers[each.server_id].resource.label
        if each.server_id in servers
        else f'server {each.server_id}'
        for each in one.attachments
    ]
    return _joined(
        _creation(one.created_at),
        f'{one.size_gib} GiB',
        f'attached to {" and ".join(attached)}'
        if attached
        else 'not attached',
        _restored(one.metadata) or _copied(one.image_metadata),
    )


def snapshot(one: resources.Snapshot) -> str:
    """Return a snapshot's time of creation, size and volume."""
    return _joined(
        _creation(one.created_at),
        f'{one.size_gib} GiB',
        f'of volume {one.volume_id}',
    )


def backup(one: resources.CinderBackup) -> str:
    """Return a Cinder backup's time of creation, size, kind and volume."""
    return _joined(
        _creation(one.created_at),
        f'{one.size_gib} GiB',
        'incremental' if one.incremental else 'full',
        f'of volume {one.volume_id}',
    )


def image(one: resources.Image) -> str:
    """Return an image's time of creation, size, format and origin."""
    own = tags.own(one.id, one.name, one.properties)
    return _joined(
        _creation(one.created_at),
        '' if one.size is None else f'{one.size:,} bytes',
        one.disk_format,
        _restored(own) or _kept(own),
    )


def secret(one: resources.Secret) -> str:
    """Return a secret's time of creation and type."""
    return _joined(_creation(one.created_at), f'type {one.secret_type}')


def _joined(*parts: str) -> str:
    return ', '.join(filter(None, parts))


def _creation(text: str) -> str:
    time = stamps.read(text)
    return f'created {time:%Y-%m-%d %H:%M} UTC' if time else ''


def _restored(marks: Mapping[str, str]) -> str:
    """Return which restore made a resource, ``''`` if none did."""
    if marks.get(tags.ROLE) != tags.Role.RESTORED:
        return ''
    run = marks.get(tags.RUN, '')
    return f'restored by run {run}' if tags.is_run_id(run) else ''


def _kept(marks: Mapping[str, str]) -> str:
    """Return which run made an image, ``''`` if none did."""
    run = marks.get(tags.RUN, '')
    return f'a backup, made by run {run}' if tags.is_run_id(run) else ''


def _copied(properties: Mapping[str, str]) -> str:
    """Return which backup a volume was made from, ``''`` if from none.

    :param properties: those that Cinder copied from the volume's image.
    """
    if names.is_temporary_image(properties.get('image_name', '')):
        return 'made by a restore'
    run = properties.get(tags.RUN, '')
    return f'made of a backup of run {run}' if tags.is_run_id(run) else ''
