# SPDX-License-Identifier: Apache-2.0
"""How an image goes back into Glance."""

from collections.abc import Iterator

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import properties
from backupclient.model import resources
from backupclient.sets.instructions import about
from backupclient.sets.instructions import encrypted
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell
from backupclient.sets.instructions import upload


def section(entry: manifests.Entry, number: int) -> Iterator[str]:
    """Give the paragraphs of an image's section."""
    if entry.image is None or entry.file is None:
        facts = _facts(entry.image) if entry.image else ()
        yield from about.without_copy(entry, f'Image {number}', facts)
        return
    yield about.head(
        entry,
        f'Image {number}',
        _facts(entry.image),
        entry.image.properties,
    )
    yield from about.lost(properties.owned(entry.image.properties))
    lock = encrypted.of_image(entry)
    yield from lock.before
    yield 'Upload the file:'
    yield markdown.block(
        create(
            entry.image,
            entry.file,
            shell.last(entry.image.name, f'restored-{entry.image.id}'),
            lock.option,
        ),
        *_hide(entry.image),
    )
    yield from lock.image_key
    yield from lock.without_openstack


def _hide(image: resources.Image) -> tuple[str, ...]:
    """Give the command for what cannot be said when an image is made."""
    if not image.hidden:
        return ()
    return (f'openstack image set --hidden {shell.value("IMAGE")}',)


def create(
    image: resources.Image,
    file: copies.FileRecord,
    name: str,
    *more: str,
) -> str:
    """Give the command that makes an image again.

    :param name: of the new image, quoted.
    :param more: further options, quoted.
    :returns: it keeps the new image's ID in ``IMAGE``.
    """
    return upload.image(
        file.path,
        image.disk_format or 'raw',
        image.container_format or 'bare',
        (
            upload.needs(image.min_disk, image.min_ram),
            '--protected' if image.protected else '',
            *upload.properties(image.properties),
            *shell.options('--tag', image.tags),
            *more,
        ),
        name,
    )


def _facts(image: resources.Image) -> tuple[tuple[str, str], ...]:
    return (
        ('format', f'{image.disk_format} in {image.container_format}'),
        ('visibility', image.visibility),
        ('hidden', 'yes' if image.hidden else ''),
    )
