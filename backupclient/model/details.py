# SPDX-License-Identifier: Apache-2.0
"""What tells things with the same name apart, in a few words.

Each function returns a part of a sentence: ``created 2026-11-20 10:11 UTC,
10 GiB, not attached``.
"""

from collections.abc import Mapping

from backupclient.model import ids
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags

_NO_SERVERS: Mapping[str, resources.Server] = {}
_RESTORE = 'restore-'


def between(one: resources.Resource) -> str:
    """Return the name, in ``RESTORE.md``, of the image between file and copy.

    Cinder notes the name in the volume that is made of it.
    """
    return f'{_RESTORE}{one.id}'


def server(one: resources.Server) -> str:
    """Describe a server."""
    flavor = f'flavor {one.flavor_name}' if one.flavor_name else ''
    return _words(_created(one.created_at), flavor, one.status)


def volume(
    one: resources.Volume,
    servers: Mapping[str, resources.Server] = _NO_SERVERS,
) -> str:
    """Describe a volume.

    :param servers: by ID, as far as their names are known.
    """
    attached = [
        servers[each.server_id].resource.label
        if each.server_id in servers
        else f'server {each.server_id}'
        for each in one.attachments
    ]
    return _words(
        _created(one.created_at),
        f'{one.size_gib} GiB',
        f'attached to {" and ".join(attached)}'
        if attached
        else 'not attached',
        _origin(one.image_metadata),
    )


def snapshot(one: resources.Snapshot) -> str:
    """Describe a snapshot."""
    return _words(
        _created(one.created_at),
        f'{one.size_gib} GiB',
        f'of volume {one.volume_id}',
    )


def backup(one: resources.CinderBackup) -> str:
    """Describe a Cinder backup."""
    return _words(
        _created(one.created_at),
        f'{one.size_gib} GiB',
        'incremental' if one.incremental else 'full',
        f'of volume {one.volume_id}',
    )


def image(one: resources.Image) -> str:
    """Describe an image."""
    return _words(
        _created(one.created_at),
        '' if one.size is None else f'{one.size:,} bytes',
        one.disk_format,
        _origin(one.properties),
    )


def secret(one: resources.Secret) -> str:
    """Describe a secret."""
    return _words(_created(one.created_at), f'type {one.secret_type}')


def _words(*parts: str) -> str:
    return ', '.join(filter(None, parts))


def _created(text: str) -> str:
    time = stamps.read(text)
    return f'created {time:%Y-%m-%d %H:%M} UTC' if time else ''


def _origin(properties: Mapping[str, str]) -> str:
    """Say that something came out of a backup, by its image's properties.

    Cinder gives a volume the properties of the image that it was made of.
    """
    source = properties.get('image_name', '')
    if source.startswith(_RESTORE) and ids.is_id(source[len(_RESTORE) :]):
        return 'made by a restore'
    run = properties.get(tags.RUN, '')
    return f'made of a backup of run {run}' if tags.is_run_id(run) else ''
