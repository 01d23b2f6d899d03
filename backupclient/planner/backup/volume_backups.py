# SPDX-License-Identifier: Apache-2.0
"""Volumes by Cinder's Backup API, in full or on top of an earlier backup."""

from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner.backup import consistency
from backupclient.planner.backup import encryption
from backupclient.planner.backup import project as project_
from backupclient.planner.backup import rule
from backupclient.planner.backup import volume_states as states


def item(case: rule.Case) -> plans.Item:
    """Plan a Cinder backup. It never leaves the cloud."""
    project, volume = case.project, case.project.volumes[case.resource.id]
    incremental = _incremental(project, volume)
    worth = _consistency(case, volume)
    warnings = (
        *states.warnings(volume, worth),
        *consistency.notes(case),
    )
    wanted = plans.Item(
        resource=case.resource,
        procedure=plans.Procedure.VOLUME_BACKUP,
        reason=_reason(project),
        consistency=worth,
        result=f'Cinder backup ({"incremental" if incremental else "full"})',
        size=volume.size,
        warnings=warnings,
        notes=(
            *states.waiting(volume),
            *warnings,
            *_notes(project, volume, incremental),
        ),
        incremental=incremental,
        group=case.group,
        stops=consistency.stops(case, worth),
        volume=volume,
    )
    return rule.unless(_obstacle(project, volume), wanted)


def _obstacle(project: project_.Project, volume: resources.Volume) -> str:
    return (
        project.missing('block-storage')
        or _not_offered(project)
        or states.obstacle(project, volume)
        or _nothing_to_build_on(project, volume)
    )


def _not_offered(project: project_.Project) -> str:
    if project.inventory.backup_api:
        return ''
    return f'{unusable(project)} Use --volume-method image.'


def unusable(project: project_.Project) -> str:
    """Say why the Backup API cannot be used."""
    if 'backup' in project.inventory.unread:
        return 'The backups that there are cannot be listed.'
    return 'The cloud does not let you use its Backup API.'


def _nothing_to_build_on(
    project: project_.Project, volume: resources.Volume
) -> str:
    asked = project.request.chain is requests.Chain.INCREMENTAL
    if not asked or volume.id in project.parents:
        return ''
    return (
        'It has no available backup that an incremental one could build on: '
        'leave out --incremental.'
    )


def _incremental(project: project_.Project, volume: resources.Volume) -> bool:
    """Choose the default: full for the first one, and after it has grown.

    Most backup drivers fail an incremental backup of a volume that was
    extended since ("Do a full backup").
    """
    if project.request.chain is not requests.Chain.AUTO:
        return project.request.chain is requests.Chain.INCREMENTAL
    parent = project.parents.get(volume.id)
    return parent is not None and parent.size_gib >= volume.size_gib


def _consistency(
    case: rule.Case, volume: resources.Volume
) -> plans.Consistency:
    if states.attached(case.project, volume):
        return consistency.of_attached(case)
    return plans.Consistency.DETACHED


def _reason(project: project_.Project) -> str:
    if project.request.volume_method is requests.VolumeMethod.BACKUP:
        return 'Asked for with --volume-method backup.'
    return 'Without --to it stays in the cloud, which has the Backup API.'


def _notes(
    project: project_.Project, volume: resources.Volume, incremental: bool
) -> tuple[str, ...]:
    notes = []
    parent = project.parents.get(volume.id)
    if parent and incremental:
        notes.append(f'It builds on the backup "{parent.name}" ({parent.id}).')
    if parent and parent.size_gib < volume.size_gib:
        notes.append(
            'It has grown since its newest backup: '
            'most clouds allow only a full one now.'
        )
    if project.request.target:
        notes.append(
            'A Cinder backup cannot leave the cloud: '
            'the backup set only records it.'
        )
    if volume.encrypted:
        notes.append(
            f'A restore needs a volume of the type "{volume.type_name}", '
            "and the backup's own key in Barbican."
        )
        notes += encryption.copied(project)
    return tuple(notes)
