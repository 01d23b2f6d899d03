# SPDX-License-Identifier: Apache-2.0
"""Which flavors a server can be built again with."""

from collections.abc import Iterator
import dataclasses

from backupclient.model import properties
from backupclient.model import resources
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What Nova asks of a flavor, by what its image or root volume says.

    :param disk_gib: 0 for a server that boots from a volume.
    """

    disk_gib: int
    ram_mib: int

    def __str__(self) -> str:
        wanted = (
            (self.disk_gib, f'{self.disk_gib} GiB of disk'),
            (self.ram_mib, f'{self.ram_mib} MiB of memory'),
        )
        return ' and '.join(text for number, text in wanted if number)


def of_image(image: resources.Image, server: resources.Server) -> Needs:
    """Return what a server needs whose own disk is restored."""
    return Needs(max(image.min_disk, server.disk_gib), image.min_ram)


def of_volume(volume: resources.Volume) -> Needs:
    """Return what a server needs that boots from a volume."""
    return Needs(0, properties.min_ram(volume.image_metadata))


def paragraphs(server: resources.Server, needs: Needs) -> Iterator[str]:
    """Say which flavors fit, and how to find the smallest of them."""
    choice = (
        'If its flavor is no longer there, choose from these. They have '
        'enough disk and memory, and the smallest comes first:'
    )
    sentences = (
        _had(server, needs),
        _refused(needs),
        _further_disks(server),
        choice,
    )
    yield ' '.join(filter(None, sentences))
    yield markdown.block(
        shell.command(
            'openstack flavor list',
            f'--min-disk {needs.disk_gib} '
            f'--min-ram {max(needs.ram_mib, server.ram_mib)}',
            '--sort-column RAM --sort-column VCPUs --sort-column Disk',
        )
    )


def _had(server: resources.Server, needs: Needs) -> str:
    if not server.vcpus:
        return ''
    disk = f', and {server.disk_gib} GiB of disk' if needs.disk_gib else ''
    return (
        f'The server had {server.vcpus} VCPUs, {server.ram_mib} MiB of '
        f'memory{disk}.'
    )


def _further_disks(server: resources.Server) -> str:
    """Say which disks of a flavor the command does not choose by."""
    wanted = (
        (server.ephemeral_gib, f'{server.ephemeral_gib} GiB in "Ephemeral"'),
        (server.swap_mib, f'{server.swap_mib} MiB in "Swap"'),
    )
    text = ' and '.join(text for number, text in wanted if number)
    return f'It also had {text} of its flavor.' if text else ''


def _refused(needs: Needs) -> str:
    text = str(needs)
    return f'Nova refuses a flavor with less than {text}.' if text else ''
