# SPDX-License-Identifier: Apache-2.0
"""Requests to Cinder for restores: make volumes and set their fields."""

from collections.abc import Iterable, Mapping

from backupclient import errors
from backupclient.cloud import cinder_api
from backupclient.cloud import records
from backupclient.model import restores


def create(
    cinder: cinder_api.Cinder,
    name: str,
    like: restores.NewVolume,
    source: tuple[str, str],
    metadata: Mapping[str, str],
) -> str:
    """Request a volume with the data of an image or of a backup.

    :param source: the field of the request, ``imageRef`` or ``backup_id``,
        and the ID.
    :returns: the volume's ID.
    """
    body: dict[str, object] = {
        'name': name,
        'size': like.size_gib,
        'metadata': dict(metadata),
        source[0]: source[1],
    }
    if like.type_name:
        body['volume_type'] = like.type_name
    if like.zone:
        body['availability_zone'] = like.zone
    what = f'create a volume from {source[1]}'
    answer = cinder.service.post('/volumes', what, {'volume': body})
    return records.made(answer, 'volume', 'id')


def describe(
    cinder: cinder_api.Cinder, volume_id: str, name: str, description: str
) -> None:
    """Set the name and the description of a volume."""
    cinder.service.repeat(
        'PUT',
        f'/volumes/{volume_id}',
        f'set the name of volume {volume_id}',
        json={'volume': {'name': name, 'description': description}},
    )


def set_metadata(
    cinder: cinder_api.Cinder, volume_id: str, metadata: Mapping[str, str]
) -> None:
    """Replace the metadata of a volume."""
    cinder.service.repeat(
        'PUT',
        f'/volumes/{volume_id}/metadata',
        f'set the metadata of volume {volume_id}',
        json={'metadata': dict(metadata)},
    )


def set_bootable(
    cinder: cinder_api.Cinder, volume_id: str, *, bootable: bool
) -> None:
    """Set whether servers can boot from a volume."""
    _act(cinder, volume_id, 'os-set_bootable', {'bootable': bootable})


def set_readonly(cinder: cinder_api.Cinder, volume_id: str) -> None:
    """Make a volume read-only."""
    _act(
        cinder,
        volume_id,
        'os-update_readonly_flag',
        {'readonly': True},
    )


def set_image_metadata(
    cinder: cinder_api.Cinder, volume_id: str, metadata: Mapping[str, str]
) -> None:
    """Set some of the image properties of a volume."""
    if metadata:
        _act(
            cinder,
            volume_id,
            'os-set_image_metadata',
            {'metadata': dict(metadata)},
        )


def unset_image_metadata(
    cinder: cinder_api.Cinder, volume_id: str, names: Iterable[str]
) -> None:
    """Remove image properties of a volume; missing ones are no error."""
    for name in names:
        try:
            _act(cinder, volume_id, 'os-unset_image_metadata', {'key': name})
        except errors.NotFound:
            continue


def _act(
    cinder: cinder_api.Cinder, volume_id: str, action: str, body: object
) -> None:
    """Request an idempotent action, which is retried."""
    cinder.service.repeat(
        'POST',
        f'/volumes/{volume_id}/action',
        f'set the properties of volume {volume_id}',
        json={action: body},
    )
