# SPDX-License-Identifier: Apache-2.0
"""The image from which to restore a server's own disk."""

import dataclasses
import posixpath

from backupclient.model import manifests
from backupclient.model import properties
from backupclient.model import resources


def image(entry: manifests.Entry, server: resources.Server) -> resources.Image:
    """Return the image of a server's own disk, with the owner's properties.

    It is the image that the run made of the disk, or that Nova made when the
    server was shelved. Older manifests lack it: then the fields of the
    server's source image are used.

    :returns: an image whose ``min_disk`` is at least the server's root disk.
        Otherwise Nova would accept a smaller flavor, and the new server would
        end in ``ERROR``.
    """
    path = entry.file.path if entry.file else ''
    found = entry.image or _of_source(server, path)
    return dataclasses.replace(
        found,
        min_disk=max(found.min_disk, server.disk_gib),
        properties=properties.completed(
            properties.owned(found.properties), server.image_properties
        ),
    )


def _of_source(server: resources.Server, path: str) -> resources.Image:
    """Return a record of the image that the server was made from.

    :param path: the path of the backup's file; its ending is the disk format.
    """
    return resources.Image(
        id=server.image_id or server.id,
        name=server.name,
        status='active',
        owner='',
        disk_format=posixpath.splitext(path)[1].removeprefix('.'),
        container_format='bare',
        min_disk=server.min_disk,
        min_ram=server.min_ram,
        properties=server.image_properties,
    )
