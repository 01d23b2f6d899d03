# SPDX-License-Identifier: Apache-2.0
"""Add properties of a server's source image to the server's record."""

from collections.abc import Iterable
import dataclasses
import logging

from backupclient import errors
from backupclient.cloud import door
from backupclient.model import properties
from backupclient.model import resources

LOG = logging.getLogger(__name__)


def described(
    cloud: door.Cloud,
    servers: Iterable[resources.Server],
    images: Iterable[resources.Image],
) -> tuple[resources.Server, ...]:
    """Return the servers, with the properties and limits of their images.

    :param images: the project's images; only other projects' are read.
    """
    servers = tuple(servers)
    known = {image.id: image for image in images}
    known |= _others(
        cloud, {server.image_id for server in servers} - {'', *known}
    )
    return tuple(
        _from_image(server, known[server.image_id])
        if server.image_id in known
        else server
        for server in servers
    )


def _others(
    cloud: door.Cloud, image_ids: Iterable[str]
) -> dict[str, resources.Image]:
    """Return images of other projects by ID, none if Glance refuses.

    The plan does not depend on them: the run reads the same properties from
    the image that Nova makes of the server.
    """
    if 'image' not in cloud.services:
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
