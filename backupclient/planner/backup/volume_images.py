# SPDX-License-Identifier: Apache-2.0
"""Volumes by way of Glance: directly when detached, else of a snapshot."""

from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner.backup import consistency
from backupclient.planner.backup import encryption
from backupclient.planner.backup import project as project_
from backupclient.planner.backup import rule
from backupclient.planner.backup import volume_backups
from backupclient.planner.backup import volume_states as states


def item(case: rule.Case) -> plans.Item:
    """Plan an image of a volume, to be downloaded where there is a target."""
    project, volume = case.project, case.project.volumes[case.resource.id]
    procedure, consistency_, how = _way(case, volume)
    to_file = bool(project.request.target)
    warnings = (
        *states.warnings(volume, consistency_),
        *consistency.notes(case),
    )
    wanted = plans.Item(
        resource=case.resource,
        procedure=procedure,
        reason=f'{_why(project)} {how}',
        consistency=consistency_,
        result=layout.data_file(case.resource, 'raw') if to_file else 'image',
        size=volume.size,
        warnings=warnings,
        notes=(
            *states.waiting(volume),
            *warnings,
            *_notes(project, volume),
        ),
        to_file=to_file,
        keep_image=to_file and project.request.keep_images,
        group=case.group,
        stops=consistency.stops(case, consistency_),
        volume=volume,
    )
    return rule.unless(_obstacle(project, volume), wanted)


def _way(
    case: rule.Case, volume: resources.Volume
) -> tuple[plans.Procedure, plans.Consistency, str]:
    if states.attached(case.project, volume):
        return (
            plans.Procedure.SNAPSHOT_IMAGE,
            consistency.of_attached(case),
            'Attached: the image is made of a snapshot.',
        )
    return (
        plans.Procedure.VOLUME_IMAGE,
        plans.Consistency.DETACHED,
        'Detached: the image is made of the volume itself.',
    )


def _obstacle(project: project_.Project, volume: resources.Volume) -> str:
    return (
        project.missing('block-storage')
        or project.missing('image')
        or states.obstacle(project, volume)
        or _no_key(project, volume)
    )


def _no_key(project: project_.Project, volume: resources.Volume) -> str:
    if not volume.encrypted or not project.request.target:
        return ''
    reason = encryption.obstacle(project, volume.key_id)
    if reason and project.inventory.backup_api:
        reason += ' It could stay in the cloud: --volume-method backup.'
    return reason


def _why(project: project_.Project) -> str:
    if project.request.volume_method is requests.VolumeMethod.IMAGE:
        return 'Asked for with --volume-method image.'
    if project.request.target:
        return 'Only an image can leave the cloud.'
    if project.inventory.backup_api:
        return 'No backup service of the cloud answers.'
    return volume_backups.unusable(project)


def _notes(
    project: project_.Project, volume: resources.Volume
) -> tuple[str, ...]:
    if not volume.encrypted:
        return ()
    if project.request.target:
        return (encryption.WITH_KEY,)
    return (encryption.IN_GLANCE, *encryption.copied(project))
