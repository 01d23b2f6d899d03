# SPDX-License-Identifier: Apache-2.0
"""The disks of a server: its boot disk, and the order of the others."""

from collections.abc import Sequence
import dataclasses

from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene

# Most clouds show the root device only to administrators. With libvirt and
# virtio, it is this one.
_USUAL_ROOT = '/dev/vda'
_WITHOUT = 'Leave the servers out with --without-servers'


@dataclasses.dataclass(frozen=True, slots=True)
class Disks:
    """The disks of a server, by their old IDs.

    At most one of the first two is set.

    :param boot_volume: the volume that the server boots from.
    :param boot_image: an image of the same restore that has its own disk.
    :param others: the other volumes, in the order of their devices.
    """

    boot_volume: str = ''
    boot_image: str = ''
    others: tuple[restores.Disk, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The resources that have to be restored before the server."""
        first = filter(None, (self.boot_volume, self.boot_image))
        return (*first, *(one.volume_id for one in self.others))


def find(case: scene.Case, server: resources.Server) -> rule.Answer[Disks]:
    """Return the disks of a server, of those that are restored with it.

    A volume that is not restored gives a warning. It is an obstacle only if
    the server boots from it: others may be left out on purpose.
    """
    known = _volumes(case.scene, server)
    left_out = _left_out(case.scene, server, known)
    if case.entry.has_copy:
        return rule.Answer(Disks(others=tuple(known)), warnings=left_out)
    if server.image_id:
        image_id, lack = _shelved(case)
        disks = Disks(boot_image=image_id, others=tuple(known))
        return rule.Answer(disks, lack, warnings=left_out)
    root = _root(case.scene, server, known)
    if root is None:
        return rule.Answer(Disks(), _no_root(server))
    others = tuple(one for one in known if one.volume_id != root)
    return rule.Answer(
        Disks(boot_volume=root, others=others), warnings=left_out
    )


def _volumes(
    scene_: scene.Scene, server: resources.Server
) -> list[restores.Disk]:
    """Return the server's volumes that are restored, in their order.

    libvirt ignores the requested devices and attaches disks in the order of
    the request. Sorted by the old devices, the guest finds them as before.
    """
    found = [
        restores.Disk(id_, _device(server, record))
        for id_ in _ids(scene_, server)
        if (record := _record(scene_, id_))
    ]
    return sorted(found, key=lambda one: _place(one.device))


def _ids(scene_: scene.Scene, server: resources.Server) -> list[str]:
    """Return the IDs of a server's volumes, as Nova and Cinder recorded them.

    Nova alone is not enough: it names no volumes of a shelved server.
    """
    attached = [
        id_
        for id_ in scene_.choices[resources.Kind.VOLUME]
        if (record := _record(scene_, id_))
        and any(one.server_id == server.id for one in record.attachments)
    ]
    return [*dict.fromkeys((*server.volume_ids, *attached))]


def _record(scene_: scene.Scene, id_: str) -> resources.Volume | None:
    choice = scene_.chosen(resources.Kind.VOLUME, id_)
    return choice.entry.volume if choice else None


def _device(server: resources.Server, volume: resources.Volume) -> str:
    return next(
        (
            one.device
            for one in volume.attachments
            if one.server_id == server.id
        ),
        '',
    )


def _place(device: str) -> tuple[bool, int, str]:
    """Return a sort key: ``vdaa`` is after ``vdz``, no device is last."""
    return (not device, len(device), device)


def _left_out(
    scene_: scene.Scene,
    server: resources.Server,
    known: Sequence[restores.Disk],
) -> tuple[str, ...]:
    there = {one.volume_id for one in known}
    return tuple(
        f'Its volume {id_} is not part of this restore: the new server comes '
        'without it.'
        for id_ in _ids(scene_, server)
        if id_ not in there
    )


def _shelved(case: scene.Case) -> tuple[str, str]:
    """Return the image that has the disk of a shelved server.

    :returns: its old ID and ``''``; or ``''`` and the obstacle.
    """
    label = case.entry.covered_by
    if not label:
        run = case.choice.run
        return '', f'Run {run} has no copy of its own disk. {_WITHOUT}.'
    for id_, choice in case.scene.choices[resources.Kind.IMAGE].items():
        if choice.entry.resource.label == label or label.endswith(f'({id_})'):
            return id_, ''
    return '', (
        f'Its own disk is the {label}, which this restore does not '
        f'include: select it too. {_WITHOUT}.'
    )


def _root(
    scene_: scene.Scene,
    server: resources.Server,
    known: Sequence[restores.Disk],
) -> str | None:
    """Return the ID of the boot volume, None if it is not restored."""
    device = server.root_device or _USUAL_ROOT
    for one in known:
        if one.device == device:
            return one.volume_id
    bootable = [
        one.volume_id
        for one in known
        if (record := _record(scene_, one.volume_id)) and record.bootable
    ]
    return bootable[0] if bootable else None


def _no_root(server: resources.Server) -> str:
    volumes = ' or '.join(f'--volume {id_}' for id_ in server.volume_ids)
    how = f'Select it too ({volumes}). ' if volumes else ''
    return (
        'It boots from a volume that this restore does not include. '
        f'{how}{_WITHOUT}.'
    )
