# SPDX-License-Identifier: Apache-2.0
"""What a restore needs of Glance: images that are made of files."""

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
    """Ask for a private image without data.

    :param like: has the formats, the limits and the tags.
    :param properties: all of them.
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

    An upload that broke off cannot be continued: delete the image.

    :raises AnswerLost: nobody knows whether all of it has arrived.
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
    """Give an image its name, its marks, and what protects or hides it.

    :param properties: that are set, besides those that it has.
    """
    glance.update(image_id, name, properties)
    if like.hidden:
        glance.set_fields(image_id, os_hidden=True)
    if like.protected:
        glance.set_fields(image_id, protected=True)
