# SPDX-License-Identifier: Apache-2.0
"""Whether a backup that stayed in the cloud can still be used."""

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner.restore import scene

BACKUP = 'backup'
IMAGE = 'image'
_READY = {BACKUP: 'available', IMAGE: 'active'}
_NAMES = {BACKUP: 'Cinder backup', IMAGE: 'image'}
_A = {BACKUP: 'a Cinder backup', IMAGE: 'an image'}
_OTHER_RUN = 'Choose the backup of another run with --run.'


def obstacle(case: scene.Case, artifact: copies.Artifact) -> str:
    """Return why an artifact cannot be restored, ``''`` if it can."""
    if artifact.kind not in _NAMES:
        return f'Its copy is a "{artifact.kind}", which is not known here.'
    return _elsewhere(case, artifact) or unusable(
        case.scene.inventory, case.resource, artifact
    )


def image(case: scene.Case, id_: str) -> resources.Image | None:
    """Return an image of the project, None if it is gone."""
    return _image(case.scene.inventory, id_)


def backup(case: scene.Case, id_: str) -> resources.CinderBackup | None:
    """Return a Cinder backup of the project, None if it is gone."""
    return _backup(case.scene.inventory, id_)


def _image(
    inventory: inventories.Inventory, id_: str
) -> resources.Image | None:
    return next((one for one in inventory.images if one.id == id_), None)


def _backup(
    inventory: inventories.Inventory, id_: str
) -> resources.CinderBackup | None:
    return next((one for one in inventory.backups if one.id == id_), None)


def found(
    inventory: inventories.Inventory, artifact: copies.Artifact
) -> resources.CinderBackup | resources.Image | None:
    """Return an artifact of the project, None if it is gone."""
    if artifact.kind == BACKUP:
        return _backup(inventory, artifact.id)
    return _image(inventory, artifact.id)


def _elsewhere(case: scene.Case, artifact: copies.Artifact) -> str:
    """Return why the artifact is not in this project, else ``''``.

    A tenant cannot move an artifact to another project.
    """
    if case.scene.at_home:
        return ''
    home = case.scene.origin
    return (
        f'Its copy is {_A[artifact.kind]} in the cloud, which can be '
        f'restored only in the project that has it: "{home.project_name}" '
        f'({home.project_id}) at {home.auth_url}. Log in there, or choose a '
        'backup that has a file with --from.'
    )


def unusable(
    inventory: inventories.Inventory,
    resource: resources.Resource,
    artifact: copies.Artifact,
) -> str:
    """Return why an artifact cannot be used, ``''`` if it can.

    :param inventory: the inventory of the project that has the artifact.
    """
    what = f'{_NAMES[artifact.kind]} {artifact.id}'
    unread = inventory.unread.get(artifact.kind, '')
    if unread:
        return f'The {what} cannot be looked up: {unread}'
    if artifact.kind == BACKUP and not inventory.backup_api:
        return 'The cloud does not let you use its Backup API.'
    one = found(inventory, artifact)
    if one is None:
        return f'The {what} is gone from the cloud. {_OTHER_RUN}'
    if one.status != _READY[artifact.kind]:
        return (
            f'The {what} has the status "{one.status}" instead of '
            f'"{_READY[artifact.kind]}". Wait, or choose the backup of '
            'another run with --run.'
        )
    if not _is_of(resource, one):
        return f'The {what} is not of this {resource.kind}. {_OTHER_RUN}'
    if isinstance(one, resources.CinderBackup):
        return _broken(inventory, one)
    return ''


def _is_of(
    resource: resources.Resource,
    found: resources.CinderBackup | resources.Image,
) -> bool:
    """Return whether the cloud's own data name a resource as the source."""
    if isinstance(found, resources.CinderBackup):
        return found.volume_id in ('', resource.id)
    own = tags.own(found.id, found.name, found.properties)
    source = f'{resource.kind}/{resource.id}'
    return own.get(tags.SOURCE, source) == source


def _broken(
    inventory: inventories.Inventory, found: resources.CinderBackup
) -> str:
    """Return why an incremental backup is useless, else ``''``.

    It needs an available full backup. Cinder does not show which one is its
    parent, so any earlier full backup of the volume counts.
    """
    if not found.incremental:
        return ''
    if any(
        one.volume_id == found.volume_id
        and not one.incremental
        and one.status == 'available'
        and one.created_at <= found.created_at
        for one in inventory.backups
    ):
        return ''
    return (
        f'The Cinder backup {found.id} is incremental, and the full backup '
        f'that it builds on is not available. {_OTHER_RUN}'
    )


def procedure(artifact: copies.Artifact) -> plans.Procedure:
    """Return the procedure that makes a volume from an artifact."""
    if artifact.kind == BACKUP:
        return plans.Procedure.VOLUME_FROM_BACKUP
    return plans.Procedure.VOLUME_FROM_IMAGE
