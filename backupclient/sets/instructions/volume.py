# SPDX-License-Identifier: Apache-2.0
"""How a volume is made again, of a file or of a backup in the cloud."""

from collections.abc import Iterator
import math

from backupclient.model import copies
from backupclient.model import manifests
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import tags
from backupclient.sets.instructions import about
from backupclient.sets.instructions import encrypted
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell
from backupclient.sets.instructions import upload

_BACKUP = 'backup'


def variable(number: int) -> str:
    """Name what holds the new volume's ID, until its server needs it."""
    return f'VOLUME{number}'


def section(entry: manifests.Entry, number: int) -> Iterator[str]:
    """Give the paragraphs of a volume's section."""
    volume = entry.volume
    if volume is None or not entry.has_copy:
        facts = _facts(volume) if volume else ()
        yield from about.without_copy(entry, f'Volume {number}', facts)
        return
    yield about.head(
        entry, f'Volume {number}', _facts(volume), volume.metadata
    )
    yield from about.lost(
        {**properties.owned(volume.image_metadata), **_metadata(volume)}
    )
    if entry.artifact and entry.artifact.kind == _BACKUP:
        yield from _from_backup(volume, entry.artifact, variable(number))
    else:
        yield from _from_image(entry, volume, variable(number))


def _facts(volume: resources.Volume) -> tuple[tuple[str, str], ...]:
    return (
        ('size', f'{volume.size_gib} GiB'),
        ('type', volume.type_name),
        ('zone', volume.availability_zone),
        ('description', volume.description),
        ('bootable', 'yes' if volume.bootable else 'no'),
        ('encrypted', 'yes' if volume.encrypted else ''),
        ('multiattach', 'yes' if volume.multiattach else ''),
        *(
            ('attached', f'to server {a.server_id} as {a.device}')
            for a in volume.attachments
        ),
    )


def _from_image(
    entry: manifests.Entry, volume: resources.Volume, new: str
) -> Iterator[str]:
    """Give the way from a file, or from an image that stayed."""
    lock = encrypted.of_volume(entry)
    # Cinder refuses a volume that is smaller than its image wants.
    size = max(volume.size_gib, properties.min_disk(volume.image_metadata))
    # In a file of a volume that RBD encrypted, the header comes on top of
    # the volume's size.
    if entry.file:
        size = max(size, math.ceil(entry.file.size / resources.GIB))
        yield from lock.before
        yield 'Upload the file as an image, and make a volume of that:'
        image = _upload(entry.file, volume, lock.option)
    else:
        yield 'Its copy is an image in the cloud. Make a volume of that:'
        image = f'IMAGE={shell.word(entry.artifact_id)}'
    yield markdown.block(
        image, _create(volume, new, size, f'--image {shell.value("IMAGE")}')
    )
    yield from _until_available(new)
    yield from _tidy(entry, volume, new, lock)
    yield from lock.without_openstack


def _from_backup(
    volume: resources.Volume, artifact: copies.Artifact, new: str
) -> Iterator[str]:
    """Give the way from a backup of Cinder's."""
    yield from _backup_cautions(volume, artifact)
    yield 'Make an empty volume:'
    yield markdown.block(_create(volume, new, volume.size_gib))
    yield from _until_available(new)
    yield 'See that the backup is `available`, and write it into the volume:'
    backup = shell.word(artifact.id)
    yield markdown.block(
        f'openstack volume backup show {backup}',
        f'openstack volume backup restore --force {backup} {shell.value(new)}',
    )
    yield from _until_available(new)
    yield from _as_it_was(volume, new)


def _as_it_was(volume: resources.Volume, new: str) -> Iterator[str]:
    """Give the command for what some backups do not hold.

    Cinder gives the properties back with the data, but not with every backup
    driver and not in every release.
    """
    found = volume.image_metadata
    limits = {
        'min_disk': properties.min_disk(found),
        'min_ram': properties.min_ram(found),
    }
    said = properties.owned(found)
    said |= {name: str(value) for name, value in limits.items() if value}
    if said:
        yield 'Servers that boot from it go by these properties:'
        yield markdown.block(
            shell.command(
                'openstack volume set',
                *shell.properties(said, '--image-property'),
                '--bootable' if volume.bootable else '',
                shell.value(new),
            )
        )


def _backup_cautions(
    volume: resources.Volume, artifact: copies.Artifact
) -> Iterator[str]:
    if artifact.incremental:
        yield (
            'Its copy is an incremental backup in the cloud: Cinder also '
            'needs the earlier ones that it builds on, and finds them by '
            'itself. Delete none of them.'
        )
    else:
        yield 'Its copy is a full backup in the cloud.'
    if volume.encrypted:
        yield (
            '**It is encrypted.** The new volume must have the same type as '
            'the old one, not just a similar one, and the cloud must still '
            "have the backup's own key; an exported key does not replace "
            'that. If the restore fails, do not delete the new volume before '
            'an operator has looked: that may delete the key of the old one.'
        )


def _create(
    volume: resources.Volume, new: str, size: int, *source: str
) -> str:
    return shell.kept(
        new,
        'id',
        'openstack volume create',
        *source,
        f'--size {size}',
        shell.option('--type', volume.type_name),
        shell.option('--description', volume.description),
        *shell.properties(_metadata(volume)),
        shell.last(volume.name, f'restored-{volume.id}'),
    )


def _metadata(volume: resources.Volume) -> dict[str, str]:
    ours = {tags.RUN, tags.SOURCE, tags.ROLE}
    return {k: v for k, v in volume.metadata.items() if k not in ours}


def _upload(
    file: copies.FileRecord, volume: resources.Volume, option: str
) -> str:
    """Give the command that makes the image between file and volume.

    Cinder gives its properties to the volume, and a server that boots from
    that goes by them.
    """
    said = volume.image_metadata
    return upload.image(
        file.path,
        'raw',
        'bare',
        (
            upload.needs(properties.min_disk(said), properties.min_ram(said)),
            *upload.properties(said),
            option,
        ),
        shell.word(f'restore-{volume.id}'),
    )


def _until_available(new: str) -> Iterator[str]:
    yield (
        'Repeat this until it prints `available`, before you paste what '
        'follows:'
    )
    yield markdown.block(
        f'openstack volume show -f value -c status {shell.value(new)}'
    )


def _tidy(
    entry: manifests.Entry,
    volume: resources.Volume,
    new: str,
    lock: encrypted.Lock,
) -> Iterator[str]:
    """Give the commands for when the volume is there.

    Cinder makes every volume of an image bootable, and gives one of an
    encrypted image a key of its own.
    """
    commands = []
    if not volume.bootable:
        commands.append(
            f'openstack volume set --non-bootable {shell.value(new)}'
        )
    if entry.file:
        commands += [
            f'openstack image delete {shell.value("IMAGE")}',
            *lock.tidy(new),
        ]
    if commands:
        yield 'Then:'
        yield markdown.block(*commands)
    if entry.file:
        yield from lock.own_key(new)
