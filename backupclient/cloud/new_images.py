# SPDX-License-Identifier: Apache-2.0
"""Requests to Glance for restores: make images from files."""

from collections.abc import Mapping

from backupclient.cloud import bodies
from backupclient.cloud import glance_api
from backupclient.cloud import records
from backupclient.model import resources


def create(
    glance: glance_api.Glance,
    name: str,
    like: resources.Image,
    properties: Mapping[str, str],
) -> str:
    """Create a private image without data.

    :param like: the image whose formats, minimum sizes and tags are used.
    :param properties: all properties of the new image.
    :returns: the image's ID.
    """
    body = {
        **properties,
        'name': name,
        'visibility': 'private',
        'disk_format': like.disk_format or 'raw',
        'container_format': like.container_format or 'bare',
        'min_disk': like.min_disk,
        'min_ram': like.min_ram,
        'tags': list(like.tags),
    }
    answer = glance.service.post('/images', f'create the image {name}', body)
    return records.made(answer, 'id')


def upload(
    glance: glance_api.Glance, image_id: str, body: bodies.Body
) -> None:
    """Send an image's data.

    A broken upload cannot be continued: delete the image.

    :raises AnswerLost: if it is unknown whether all data have arrived.
    """
    glance.service.upload(
        f'/images/{image_id}/file', f'upload image {image_id}', body
    )


def finish(
    glance: glance_api.Glance,
    image_id: str,
    name: str,
    like: resources.Image,
    properties: Mapping[str, str],
) -> None:
    """Set an image's name and properties, then hide and protect it if due.

    :param like: the image whose flags ``hidden`` and ``protected`` are used.
    :param properties: set in addition to the properties that it has.
    """
    glance.update(image_id, name, properties)
    if like.hidden:
        glance.set_fields(image_id, os_hidden=True)
    if like.protected:
        glance.set_fields(image_id, protected=True)
