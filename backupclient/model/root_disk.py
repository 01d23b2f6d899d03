# SPDX-License-Identifier: Apache-2.0
"""What the image has to be like that a server's own disk is restored from."""

import dataclasses
import posixpath

from backupclient.model import manifests
from backupclient.model import properties
from backupclient.model import resources


def image(entry: manifests.Entry, server: resources.Server) -> resources.Image:
    """Return the image of a server's own disk, with the owner's properties.

    It is the one that held the disk during the run, or since the server was
    shelved. Older manifests do not have it: then what is known of the image
    that the server was made from has to do.

    :returns: ``min_disk`` is at least the server's root disk: without it Nova
        accepts a smaller flavor, and the new server ends in ``ERROR``.
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
    """Return what is known of the image that the server was made from.

    :param path: of the file, which is named by its disk format.
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
