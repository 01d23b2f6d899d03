# SPDX-License-Identifier: Apache-2.0
"""Shelved servers whose disk is an image that the set has by itself."""

from collections.abc import Iterable, Iterator, Mapping

from backupclient.model import manifests
from backupclient.model import resources
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell

Images = Mapping[str, resources.Image]
"""The images that have a file, by their labels."""


def variable(number: int) -> str:
    """Name what holds the ID of the new image, until its server needs it."""
    return f'ROOT{number}'


def disk(entry: manifests.Entry, images: Images) -> resources.Image | None:
    """Return the image that holds a server's disk; a manifest names it."""
    return images.get(entry.covered_by)


def handed_over(
    image: manifests.Entry, servers: Iterable[tuple[int, manifests.Entry]]
) -> Iterator[str]:
    """Give the paragraphs that keep a restored image for its servers.

    :param servers: all servers of the manifest with their numbers.
    """
    if image.image is None or image.file is None:
        return
    for number, entry in servers:
        if entry.server and entry.covered_by == image.resource.label:
            yield f'It is the disk of server {number}, which needs it below:'
            yield markdown.block(
                *_grown(image.image, entry.server),
                f'{variable(number)}={shell.value("IMAGE")}',
            )


def _grown(
    image: resources.Image, server: resources.Server
) -> tuple[str, ...]:
    """Give the command for a server with a larger disk than it once had."""
    if server.disk_gib <= image.min_disk:
        return ()
    return (
        f'openstack image set --min-disk {server.disk_gib} '
        f'{shell.value("IMAGE")}',
    )
