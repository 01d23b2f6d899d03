# SPDX-License-Identifier: Apache-2.0
"""How a server is built again, of its root disk and its volumes."""

from collections.abc import Iterator, Mapping
import posixpath

from backupclient.manifest import record
from backupclient.manifest.restore import about
from backupclient.manifest.restore import image as image_
from backupclient.manifest.restore import markdown
from backupclient.manifest.restore import shell
from backupclient.manifest.restore import upload
from backupclient.manifest.restore import volume as volume_
from backupclient.model import outcome
from backupclient.model import resources

Volumes = Mapping[str, tuple[int, resources.Volume]]
"""The volumes that have a copy: number and record, by ID."""


def section(
    entry: record.Entry, number: int, volumes: Volumes
) -> Iterator[str]:
    """Give the paragraphs of a server's section."""
    server = entry.server
    if server is None:
        return
    pairs = (*_facts(server), *_disks(server, volumes))
    yield about.head(entry, f'Server {number}', pairs, server.metadata)
    root = _root_volume(server, volumes)
    if entry.has_copy:
        yield 'Make its root disk an image, and a server of that:'
        yield markdown.block(
            _image(entry, server), _create(server, '--image', 'IMAGE')
        )
    elif root:
        yield 'Build it upon its restored volume:'
        volume = volume_.variable(volumes[root][0])
        yield markdown.block(_create(server, '--volume', volume))
    else:
        yield '**Its root disk is not in this set.** Build it from scratch.'
        return
    yield from _attach(server, root, volumes)


def _facts(server: resources.Server) -> tuple[tuple[str, str], ...]:
    return (
        ('flavor', server.flavor_name),
        ('size', _size(server)),
        *(('address', _address(one)) for one in server.addresses),
        ('security groups', ', '.join(server.security_groups)),
        ('root disk', f'{server.disk_gib} GiB' if server.disk_gib else ''),
        ('ephemeral', _lost(server.ephemeral_gib, 'GiB')),
        ('swap', _lost(server.swap_mib, 'MiB')),
        ('image', server.image_id),
        ('zone', server.availability_zone),
        ('key pair', server.key_name),
        ('tags', ', '.join(server.tags)),
    )


def _size(server: resources.Server) -> str:
    if not server.vcpus:
        return ''
    return f'{server.vcpus} VCPUs, {server.ram_mib} MiB of memory'


def _address(one: resources.Address) -> str:
    return f'{one.address} ({one.kind}) in network {one.network}'


def _lost(size: int, unit: str) -> str:
    return f'{size} {unit}, empty in the new server' if size else ''


def _disks(
    server: resources.Server, volumes: Volumes
) -> Iterator[tuple[str, str]]:
    for id_ in server.volume_ids:
        if id_ in volumes:
            number, volume = volumes[id_]
            yield (
                'volume',
                f'{volume_.variable(number)}, {_device(server, volume)} '
                f'({volume.name or id_})',
            )
        else:
            yield 'volume', f'{id_}, not in this set'


def _device(server: resources.Server, volume: resources.Volume) -> str:
    return next(
        (a.device for a in volume.attachments if a.server_id == server.id),
        '',
    )


def _root_volume(server: resources.Server, volumes: Volumes) -> str:
    """Find the volume that a server boots from, by its device."""
    if server.image_id:
        return ''
    known = [id_ for id_ in server.volume_ids if id_ in volumes]
    return next(
        (
            id_
            for id_ in known
            if server.root_device
            and _device(server, volumes[id_][1]) == server.root_device
        ),
        next((id_ for id_ in known if volumes[id_][1].bootable), ''),
    )


def _image(entry: record.Entry, server: resources.Server) -> str:
    if entry.file is None:
        return f'IMAGE={shell.word(entry.artifact_id)}'
    name = shell.word(f'restore-{server.id}')
    # A shelved server's disk was an image already.
    if entry.image:
        return image_.create(entry.image, entry.file, name)
    return upload.image(entry.file.path, _format(entry.file), 'bare', (), name)


def _format(file: outcome.FileRecord) -> str:
    """Give the disk format, which the file is named by."""
    return posixpath.splitext(file.path)[1].removeprefix('.')


def _create(server: resources.Server, option: str, variable: str) -> str:
    return shell.kept(
        'SERVER',
        'id',
        'openstack server create --wait',
        f'{option} {shell.value(variable)}',
        shell.option('--flavor', server.flavor_name or 'FLAVOR'),
        f'--network {shell.value("NETWORK")}',
        shell.option('--key-name', server.key_name),
        '--use-config-drive' if server.config_drive else '',
        *shell.options(
            '--property',
            (f'{k}={v}' for k, v in sorted(server.metadata.items()) if k),
        ),
        shell.last(server.name, f'restored-{server.id}'),
    )


def _attach(
    server: resources.Server, root: str, volumes: Volumes
) -> Iterator[str]:
    others = [i for i in server.volume_ids if i in volumes and i != root]
    if others:
        yield 'Attach its other volumes, in this order:'
        yield markdown.block(
            *(
                f'openstack server add volume {shell.value("SERVER")} '
                f'{shell.value(volume_.variable(volumes[id_][0]))}'
                for id_ in others
            )
        )
