# SPDX-License-Identifier: Apache-2.0
"""How a server is built again, of its root disk and its volumes."""

from collections.abc import Iterator

from backupclient.model import manifests
from backupclient.model import resources
from backupclient.sets.instructions import about
from backupclient.sets.instructions import flavor
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import root as root_
from backupclient.sets.instructions import shell
from backupclient.sets.instructions import shelved
from backupclient.sets.instructions import volume as volume_


def section(
    entry: manifests.Entry,
    number: int,
    volumes: root_.Volumes,
    images: shelved.Images,
) -> Iterator[str]:
    """Give the paragraphs of a server's section."""
    server = entry.server
    if server is None:
        yield from about.without_copy(entry, f'Server {number}', ())
        return
    pairs = (*_facts(server), *_disks(server, volumes))
    yield about.head(entry, f'Server {number}', pairs, server.metadata)
    yield from about.lost(server.metadata)
    root = root_.find(entry, server, number, volumes, images)
    if root is None:
        yield from _from_scratch(server)
        return
    yield from flavor.paragraphs(server, root.needs)
    yield root.says
    yield markdown.block(*root.before, _create(server, root))
    yield from _attach(server, root.volume_id, volumes)
    if root.option == '--image':
        yield (
            'The image of its root disk stays: Nova shows it as the image of '
            'the server, and builds the server from it again.'
        )


def _from_scratch(server: resources.Server) -> Iterator[str]:
    yield '**Its root disk is not in this set.** Build it from scratch.'
    said = server.image_properties
    if said:
        yield 'The image that it was made from had these properties:'
        yield markdown.sentences(f'{name}={said[name]}' for name in said)


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
    server: resources.Server, volumes: root_.Volumes
) -> Iterator[tuple[str, str]]:
    for id_ in server.volume_ids:
        if id_ in volumes:
            number, volume = volumes[id_]
            yield (
                'volume',
                f'{volume_.variable(number)}, {root_.device(server, volume)} '
                f'({volume.name or id_})',
            )
        else:
            yield 'volume', f'{id_}, not in this set'


def _create(server: resources.Server, root: root_.Root) -> str:
    return shell.kept(
        'SERVER',
        'id',
        'openstack server create --wait',
        f'{root.option} {shell.value(root.variable)}',
        shell.option('--flavor', server.flavor_name or 'FLAVOR'),
        _network(server),
        shell.option('--key-name', server.key_name),
        '--use-config-drive' if server.config_drive else '',
        *shell.properties(server.metadata),
        shell.last(server.name, f'restored-{server.id}'),
    )


def _network(server: resources.Server) -> str:
    """Give the option for a server that had a network, or had none.

    Without the option, Nova gives a server one that it chooses by itself.
    """
    if server.addresses:
        return f'--network {shell.value("NETWORK")}'
    return '--nic none'


def _attach(
    server: resources.Server, root: str, volumes: root_.Volumes
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
