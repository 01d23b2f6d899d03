# SPDX-License-Identifier: Apache-2.0
"""Backing volumes up with Cinder's Backup API, full or incremental."""

from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner.backup import consistency
from backupclient.planner.backup import encryption
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule
from backupclient.planner.backup import volume_states as states


def item(case: rule.Case) -> plans.Item:
    """Plan a Cinder backup. It never leaves the cloud."""
    index, volume = case.index, case.index.volumes[case.resource.id]
    incremental = _incremental(index, volume)
    worth = _consistency(case, volume)
    warnings = (
        *states.warnings(volume, worth),
        *consistency.notes(case),
    )
    wanted = plans.Item(
        resource=case.resource,
        task=plans.VolumeBackup(incremental, consistency.stops(case, worth)),
        reason=_reason(index),
        consistency=worth,
        result=f'Cinder backup ({"incremental" if incremental else "full"})',
        size=volume.size,
        warnings=warnings,
        notes=(
            *states.waiting(volume),
            *warnings,
            *_notes(index, volume, incremental),
        ),
        group=case.group,
        seen=volume,
    )
    return rule.unless(_obstacle(index, volume), wanted)


def _obstacle(index: indexes.Index, volume: resources.Volume) -> str:
    return (
        index.missing('block-storage')
        or _not_offered(index)
        or states.obstacle(index, volume)
        or _nothing_to_build_on(index, volume)
    )


def _not_offered(index: indexes.Index) -> str:
    if index.inventory.backup_api:
        return ''
    return f'{unusable(index)} Use --volume-method image.'


def unusable(index: indexes.Index) -> str:
    """Return why the Backup API cannot be used.

    To be called only if ``inventory.backup_api`` is false.
    """
    if 'backup' in index.inventory.unread:
        return 'The backups that there are cannot be listed.'
    return 'The cloud does not let you use its Backup API.'


def _nothing_to_build_on(
    index: indexes.Index, volume: resources.Volume
) -> str:
    asked = index.request.chain is requests.Chain.INCREMENTAL
    if not asked or volume.id in index.parents:
        return ''
    return (
        'It has no available backup that an incremental one could build on: '
        'leave out --incremental.'
    )


def _incremental(index: indexes.Index, volume: resources.Volume) -> bool:
    """Return whether the backup is incremental.

    If the user has not chosen, the first backup is full, and also the first
    one after the volume was extended: most backup drivers refuse to make an
    incremental backup then ("Do a full backup").
    """
    if index.request.chain is not requests.Chain.AUTO:
        return index.request.chain is requests.Chain.INCREMENTAL
    parent = index.parents.get(volume.id)
    return parent is not None and parent.size_gib >= volume.size_gib


def _consistency(
    case: rule.Case, volume: resources.Volume
) -> plans.Consistency:
    if states.attached(case.index, volume):
        return consistency.of_attached(case)
    return plans.Consistency.DETACHED


def _reason(index: indexes.Index) -> str:
    if index.request.volume_method is requests.VolumeMethod.BACKUP:
        return 'Asked for with --volume-method backup.'
    return 'Without --to it stays in the cloud, which has the Backup API.'


def _notes(
    index: indexes.Index, volume: resources.Volume, incremental: bool
) -> tuple[str, ...]:
    notes = []
    parent = index.parents.get(volume.id)
    if parent and incremental:
        notes.append(f'It builds on the backup "{parent.name}" ({parent.id}).')
    if parent and parent.size_gib < volume.size_gib:
        notes.append(
            'It has grown since its newest backup: '
            'most clouds allow only a full one now.'
        )
    if index.request.target:
        notes.append(
            'A Cinder backup cannot leave the cloud: '
            'the backup set only records it.'
        )
    if volume.encrypted:
        notes.append(
            f'A restore needs a volume of the type "{volume.type_name}", '
            "and the backup's own key in Barbican."
        )
        notes += encryption.copied(index)
    return tuple(notes)
