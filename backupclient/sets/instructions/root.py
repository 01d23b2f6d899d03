# SPDX-License-Identifier: Apache-2.0
"""What a server is built again from: an image, or a restored volume."""

from collections.abc import Mapping
import dataclasses

from backupclient.model import manifests
from backupclient.model import resources
from backupclient.model import root_disk
from backupclient.sets.instructions import flavor
from backupclient.sets.instructions import image as image_
from backupclient.sets.instructions import shell
from backupclient.sets.instructions import shelved
from backupclient.sets.instructions import volume as volume_

Volumes = Mapping[str, tuple[int, resources.Volume]]
"""The volumes that have a copy: number and record, by ID."""


@dataclasses.dataclass(frozen=True, slots=True)
class Root:
    """A root disk that the set has.

    :param says: what is done, in a sentence.
    :param before: commands that make the disk.
    :param option: of ``openstack server create``.
    :param variable: that holds the ID of the image or volume.
    :param volume_id: of the old volume, ``''`` for an image.
    """

    says: str
    option: str
    variable: str
    needs: flavor.Needs
    before: tuple[str, ...] = ()
    volume_id: str = ''


def find(
    entry: manifests.Entry,
    server: resources.Server,
    number: int,
    volumes: Volumes,
    images: shelved.Images,
) -> Root | None:
    """Return the root disk of a server, None when the set has none.

    :param number: the server's, in the manifest.
    """
    if entry.has_copy:
        return _of_copy(entry, server)
    image = shelved.disk(entry, images)
    if image:
        return Root(
            'Its root disk is one of the images above. Make a server of that:',
            '--image',
            shelved.variable(number),
            flavor.of_image(image, server),
        )
    volume_id = _volume(server, volumes)
    return _of_volume(volume_id, *volumes[volume_id]) if volume_id else None


def device(server: resources.Server, volume: resources.Volume) -> str:
    """Return where a volume was attached to a server."""
    return next(
        (a.device for a in volume.attachments if a.server_id == server.id),
        '',
    )


def _of_copy(entry: manifests.Entry, server: resources.Server) -> Root:
    image = root_disk.image(entry, server)
    command = f'IMAGE={shell.word(entry.artifact_id)}'
    if entry.file:
        name = shell.word(f'restore-{server.id}')
        command = image_.create(image, entry.file, name)
    return Root(
        'Make its root disk an image, and a server of that:',
        '--image',
        'IMAGE',
        flavor.of_image(image, server),
        (command,),
    )


def _of_volume(volume_id: str, number: int, volume: resources.Volume) -> Root:
    return Root(
        'Build it upon its restored volume:',
        '--volume',
        volume_.variable(number),
        flavor.of_volume(volume),
        volume_id=volume_id,
    )


def _volume(server: resources.Server, volumes: Volumes) -> str:
    """Find the volume that a server boots from, by its device."""
    if server.image_id:
        return ''
    known = [id_ for id_ in server.volume_ids if id_ in volumes]
    return next(
        (
            id_
            for id_ in known
            if server.root_device
            and device(server, volumes[id_][1]) == server.root_device
        ),
        next((id_ for id_ in known if volumes[id_][1].bootable), ''),
    )
