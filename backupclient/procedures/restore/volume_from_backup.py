# SPDX-License-Identifier: Apache-2.0
"""Restoring a volume of a backup in Cinder."""

from backupclient import errors
from backupclient.model import plans
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.procedures.restore import volume_finish

_SINCE = '3.47'
"""The microversion that can make a volume of a backup."""


class MakeVolume(volume_finish.MakeVolume):
    """Let Cinder make a volume of the backup.

    It never writes to a volume that is there.
    """

    def source(self, made: interim.Restore) -> tuple[str, str]:
        """Give the field of the request, and the ID."""
        return 'backup_id', _backup_id(self.item)

    @staticmethod
    def command(item: plans.Item) -> str:
        backup = shell.word(_backup_id(item))
        return volume_finish.command(
            item, f'--backup {backup}', f'--os-volume-api-version {_SINCE} '
        )


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
