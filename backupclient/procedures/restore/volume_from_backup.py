# SPDX-License-Identifier: Apache-2.0
"""Restoring a volume from a backup in Cinder."""

from backupclient import errors
from backupclient.model import plans
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.procedures.restore import volume_finish

_SINCE = '3.47'
"""The first microversion that can make a volume from a backup."""


class MakeVolume(volume_finish.MakeVolume):
    """Let Cinder make a new volume from the backup.

    An existing volume is never overwritten.
    """

    def source(self, made: interim.Restore) -> tuple[str, str]:
        """Return the request's field for the backup, and the backup's ID."""
        return 'backup_id', _backup_id(self.item)

    @staticmethod
    def command(item: plans.Item) -> str:
        backup = shell.word(_backup_id(item))
        return volume_finish.command(
            item, f'--backup {backup}', f'--os-volume-api-version {_SINCE} '
        )


def steps(item: plans.Item) -> step.Steps:
    """Return the steps: make the volume, then set what the backup lacks."""
    return (MakeVolume, *volume_finish.ending(item))


def _backup_id(item: plans.Item) -> str:
    artifact = task.of(item).source.artifact
    if artifact is None:
        raise errors.DocumentError(
            f'The plan names no backup for {item.resource.label}. Make a new '
            'plan.'
        )
    return artifact.id
