# SPDX-License-Identifier: Apache-2.0
"""Restoring a volume of a backup in Cinder."""

from backupclient import errors
from backupclient.model import plans
from backupclient.procedures import step
from backupclient.procedures.restore import task
from backupclient.procedures.restore import volume_finish


class MakeVolume(volume_finish.MakeVolume):
    """Let Cinder make a volume of the backup.

    It never writes to a volume that is there.
    """

    def source(self, made: step.Made) -> tuple[str, str]:
        """Give the field of the request, and the ID."""
        return 'backup_id', _backup_id(self.item)

    @staticmethod
    def command(item: plans.Item) -> str:
        return volume_finish.command(item, f'--backup {_backup_id(item)}')


def steps(item: plans.Item) -> step.Steps:
    """One request, and what the backup does not hold."""
    return (MakeVolume, *volume_finish.ending(item))


def _backup_id(item: plans.Item) -> str:
    artifact = task.of(item).source.artifact
    if artifact is None:
        raise errors.DocumentError(
            f'The plan names no backup for {item.resource.label}. Make a new '
            'plan.'
        )
    return artifact.id
