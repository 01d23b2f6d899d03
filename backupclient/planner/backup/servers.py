# SPDX-License-Identifier: Apache-2.0
"""The rule for servers: their own disk. Volumes have a rule of their own."""

from collections.abc import Iterable, Sequence
import dataclasses

from backupclient.model import inventories
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.planner.backup import consistency
from backupclient.planner.backup import images
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule
from backupclient.planner.backup import server_notes
from backupclient.planner.backup import server_states as states

KIND = resources.Kind.SERVER
NEEDS_TARGET = False


def named(request: requests.Request) -> tuple[str, ...]:
    """Return the names and IDs of ``--server``."""
    return request.servers


def known(inventory: inventories.Inventory) -> Iterable[resources.Resource]:
    """Yield all servers of the project."""
    return (server.resource for server in inventory.servers)


def of_tenant(index: indexes.Index) -> Iterable[resources.Resource]:
    """Yield all servers: services make no servers for themselves."""
    return known(index.inventory)


def item(case: rule.Case) -> plans.Item:
    """Plan the copy of a server's own disk, if it has one."""
    server = case.index.servers[case.resource.id]
    row = plans.Item(
        resource=case.resource,
        task=tasks.Nothing(),
        reason='',
        group=case.group,
        seen=server,
    )
    if not server.image_id:
        found = _volume_backed(case, row, server)
    elif server.status in states.SHELVED:
        found = _shelved(case, row, server)
    else:
        found = _own_disk(case, row, server)
    warnings = server_notes.warnings(case, server)
    notes = (*found.notes, *warnings, *server_notes.harmless(server))
    return dataclasses.replace(found, notes=notes, warnings=warnings)


def _own_disk(
    case: rule.Case, row: plans.Item, server: resources.Server
) -> plans.Item:
    """Plan an image. Nova chooses its format, which is known afterwards."""
    index = case.index
    to_file = bool(index.request.target)
    worth = consistency.of_server(case, server)
    obstacle = (
        index.missing('compute')
        or index.missing('image')
        or states.obstacle(server)
    )
    wanted = dataclasses.replace(
        row,
        task=tasks.ServerImage(
            to_file,
            to_file and index.request.keep_images,
            consistency.stops(case, worth),
        ),
        reason='Nova makes an image of its own disk.',
        consistency=worth,
        result=f'servers/{server.id}.*' if to_file else 'image',
        size=server.disk_gib * resources.GIB or None,
        notes=states.notes(server),
    )
    return rule.unless(obstacle, wanted)


def _volume_backed(
    case: rule.Case, row: plans.Item, server: resources.Server
) -> plans.Item:
    """Refer to its volumes: an image of the server would have no data."""
    known = case.index.volumes
    volumes = case.index.volumes_of[server.id]
    if not volumes or not volumes <= known.keys():
        return rule.refusal(
            row, 'It boots from a volume, but not all its volumes can be seen.'
        )
    every = [known[volume_id] for volume_id in sorted(volumes)]
    parts = [one for one in every if one.resource in case.selected]
    left_out = [one for one in every if one not in parts]
    if root := _root(server, left_out, parts):
        return rule.refusal(
            row,
            f'It boots from its {root.resource.label}, which is left out: '
            'select that too, or leave out the server.',
        )
    reason = 'It boots from a volume: its volumes are its disks.'
    ids = [one.id for one in parts]
    return rule.without_data(row, reason, 'its volumes', ids)


def _root(
    server: resources.Server,
    left_out: Sequence[resources.Volume],
    parts: Sequence[resources.Volume],
) -> resources.Volume | None:
    """Return the boot volume if it is among those left out, else None.

    Most clouds show the root device only to administrators; with libvirt and
    virtio it is ``/dev/vda``. Without a volume there, the bootable flag helps.
    """
    root = resources.Attachment(server.id, server.root_device or '/dev/vda')
    at_root = [one for one in left_out if root in one.attachments]
    if not at_root and not any(one.bootable for one in parts):
        at_root = [one for one in left_out if one.bootable or not parts]
    return next(iter(at_root), None)


def _shelved(
    case: rule.Case, row: plans.Item, server: resources.Server
) -> plans.Item:
    """Download the image that holds the disk until the server is unshelved."""
    image = _shelved_image(case.index, server)
    if image is None:
        return rule.refusal(
            row, 'It is shelved, but its image is not there: unshelve it.'
        )
    reason = f'It is shelved: its disk is the {image.resource.label}.'
    if image.resource in case.selected:
        parts = [image.id]
        return rule.without_data(row, reason, image.resource.label, parts)
    wanted = dataclasses.replace(
        row,
        task=tasks.ImageDownload(image),
        reason=reason,
        consistency=plans.Consistency.IMMUTABLE,
        result=layout.data_file(case.resource, image.disk_format),
        size=image.size,
        notes=images.notes(case.index, image),
    )
    obstacle = _no_target(reason, case.index.request)
    return rule.unless(obstacle or images.obstacle(case.index, image), wanted)


def _no_target(reason: str, request: requests.Request) -> str:
    if request.target:
        return ''
    return f'{reason} Unshelve it, or bring the image out with --to.'


def _shelved_image(
    index: indexes.Index, server: resources.Server
) -> resources.Image | None:
    """Return the image with the name and the property that Nova sets."""
    found = [
        image
        for image in index.inventory.images
        if image.name == f'{server.name}-shelved'
        and image.properties.get('instance_uuid') == server.id
    ]
    return max(found, key=lambda one: (one.created_at, one.id), default=None)
