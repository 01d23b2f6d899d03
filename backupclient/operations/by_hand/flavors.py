# SPDX-License-Identifier: Apache-2.0
"""Tell with which flavors a server can be built, if its own is gone."""

from collections.abc import Iterable, Iterator

from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import restores
from backupclient.operations.by_hand import comments
from backupclient.procedures.restore import shell


def told(item: plans.Item, others: Iterable[plans.Item]) -> Iterator[str]:
    """Yield comments on the flavors that fit a server, and how to list them.

    :param item: nothing is yielded if it builds no server.
    :param others: the items of the plan: a server can boot from the volume or
        the image of another item.
    """
    new = item.restore.new if item.restore else None
    if item.server is None or not isinstance(new, restores.NewServer):
        return
    disk_gib, ram_mib = _minimum(item, new, others)
    yield comments.text(
        f'{_refused(disk_gib, ram_mib)}If its flavor is gone, this command '
        'lists those that are large enough, the smallest first:'
    )
    listing = shell.command(
        'openstack flavor list',
        f'--min-disk {disk_gib} --min-ram {max(ram_mib, item.server.ram_mib)}',
        '--sort-column RAM --sort-column VCPUs --sort-column Disk',
    )
    yield '\n'.join(f'#   {line}' for line in listing.splitlines())


def _minimum(
    item: plans.Item, new: restores.NewServer, others: Iterable[plans.Item]
) -> tuple[int, int]:
    """Return the disk in GiB and the memory in MiB that Nova requires.

    :returns: no disk for a server that boots from a volume.
    """
    from_ = {one.resource.id: one for one in others}
    if new.boot_volume:
        volume = from_[new.boot_volume].volume
        said = volume.image_metadata if volume else {}
        return 0, properties.min_ram(said)
    image = from_[new.boot_image].image if new.boot_image else item.image
    disk_gib = item.server.disk_gib if item.server else 0
    if image is None:
        return disk_gib, 0
    return max(disk_gib, image.min_disk), image.min_ram


def _refused(disk_gib: int, ram_mib: int) -> str:
    wanted = (
        (disk_gib, f'{disk_gib} GiB of disk'),
        (ram_mib, f'{ram_mib} MiB of memory'),
    )
    least = ' or '.join(text for number, text in wanted if number)
    return f'Nova refuses a flavor with less than {least}. ' if least else ''
