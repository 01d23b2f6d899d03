# SPDX-License-Identifier: Apache-2.0
"""Backing volumes up as images: directly if detached, else by a snapshot."""

from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tasks
from backupclient.planner.backup import consistency
from backupclient.planner.backup import encryption
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule
from backupclient.planner.backup import volume_backups
from backupclient.planner.backup import volume_states as states


def item(case: rule.Case) -> plans.Item:
    """Plan an image of a volume. With a target, the image is downloaded."""
    index, volume = case.index, case.index.volumes[case.resource.id]
    way, consistency_, how = _way(case, volume)
    to_file = bool(index.request.target)
    warnings = (
        *states.warnings(volume, consistency_),
        *consistency.notes(case),
    )
    wanted = plans.Item(
        resource=case.resource,
        task=way(
            to_file,
            to_file and index.request.keep_images,
            consistency.stops(case, consistency_),
        ),
        reason=f'{_why(index)} {how}',
        consistency=consistency_,
        result=layout.data_file(case.resource, 'raw') if to_file else 'image',
        size=volume.size,
        warnings=warnings,
        notes=(
            *states.waiting(volume),
            *warnings,
            *_notes(index, volume),
        ),
        group=case.group,
        seen=volume,
    )
    return rule.unless(_obstacle(index, volume), wanted)


def _way(
    case: rule.Case, volume: resources.Volume
) -> tuple[
    type[tasks.VolumeImage | tasks.SnapshotImage], plans.Consistency, str
]:
    if states.attached(case.index, volume):
        return (
            tasks.SnapshotImage,
            consistency.of_attached(case),
            'Attached: the image is made of a snapshot.',
        )
    return (
        tasks.VolumeImage,
        plans.Consistency.DETACHED,
        'Detached: the image is made of the volume itself.',
    )


def _obstacle(index: indexes.Index, volume: resources.Volume) -> str:
    return (
        index.missing('block-storage')
        or index.missing('image')
        or states.obstacle(index, volume)
        or _no_key(index, volume)
    )


def _no_key(index: indexes.Index, volume: resources.Volume) -> str:
    if not volume.encrypted or not index.request.target:
        return ''
    reason = encryption.obstacle(index, volume.key_id)
    if reason and index.inventory.backup_api:
        reason += ' It could stay in the cloud: --volume-method backup.'
    return reason


def _why(index: indexes.Index) -> str:
    if index.request.volume_method is requests.VolumeMethod.IMAGE:
        return 'Asked for with --volume-method image.'
    if index.request.target:
        return 'Only an image can leave the cloud.'
    if index.inventory.backup_api:
        return 'No backup service of the cloud answers.'
    return volume_backups.unusable(index)


def _notes(index: indexes.Index, volume: resources.Volume) -> tuple[str, ...]:
    if not volume.encrypted:
        return ()
    if index.request.target:
        return (encryption.WITH_KEY,)
    return (encryption.IN_GLANCE, *encryption.copied(index))
