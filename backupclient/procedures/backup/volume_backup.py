# SPDX-License-Identifier: Apache-2.0
"""Guide: "Volume data backup using Cinder Backup API"."""

import dataclasses

from backupclient import errors
from backupclient.cloud import once
from backupclient.model import copies
from backupclient.model import names
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.backup import artifacts
from backupclient.procedures.backup import capture

_SIGN_OF_LIFE = 600.0
"""Seconds that the run waits for a backup service to take up a backup."""

_NO_SERVICE = 'Service not found'
"""``cinder/scheduler/manager.py:create_backup``: no backup service is up."""


class Backup(step.Step[interim.Backup]):
    """Let Cinder make a backup, and wait for its result."""

    stable_name = 'backup'
    title = 'back up'
    makes = 'artifact'
    captures = True

    @staticmethod
    def command(item: plans.Item) -> str:
        options = '--force ' if _in_use(item) else ''
        options += '--incremental ' if _incremental(item) else ''
        return (
            f'openstack volume backup create {options}--name BACKUP '
            f'{item.resource.id}'
        )

    def do(self, made: interim.Backup) -> interim.Backup:
        backup_id = once.make_once(self._find, self._start, self.work.clock)
        self._finish(backup_id)
        backup = self.cloud.cinder.backup(backup_id)
        if backup is None:
            raise errors.NotFound(f'Backup {backup_id} is gone.', 404)
        made = dataclasses.replace(
            made,
            artifact=copies.Artifact(
                'backup',
                backup.id,
                backup.name,
                backup.incremental,
                backup.key_id,
            ),
            notes=(*made.notes, *_surprise(self.item, backup)),
        )
        return capture.note_state(
            self.work, self.item, made, backup.created_at
        )

    def undo(self, made: interim.Backup) -> None:
        backup_id = made.artifact.id if made.artifact else self._find()
        if not backup_id:
            return
        cinder = self.cloud.cinder
        if cinder.backup_state(backup_id) == 'creating' and not (
            cinder.backup_is_served(backup_id)
        ):
            raise errors.WaitFailed(_stuck(self.item, backup_id))
        if _NO_SERVICE in cinder.backup_failure(backup_id):
            # Only a backup service can delete a backup, so don't wait.
            raise errors.WaitFailed(
                f'Backup {backup_id} of {self.item.resource.label} failed '
                'and cannot be deleted while no backup service is running. '
                'Delete it later: it counts in the quota.'
            )
        removal.of(self.work).backup(backup_id)

    def _tags(self) -> dict[str, str]:
        return self.metadata(tags.Role.ARTIFACT)

    def _find(self) -> str | None:
        return self.cloud.cinder.find_backup(
            self.item.resource.id, self._tags()
        )

    def _start(self) -> str:
        volume_id = self.item.resource.id
        state = volume_state.settle(
            self.work, volume_id, {'available', 'in-use'}
        )
        return self.cloud.cinder.create_backup(
            volume_id,
            artifacts.name(self.work, self.item),
            self._tags(),
            description=names.description(self.work.run, self.item.resource),
            incremental=_incremental(self.item),
            in_use=state == 'in-use',
        )

    def _finish(self, backup_id: str) -> None:
        stopped = self.item.consistency is plans.Consistency.STOPPED
        if self.item.fallback is not None or stopped:
            # The fallback, or a stopped server, must not wait until the
            # deadline for a service that is not running.
            self._await_sign_of_life(backup_id)
        try:
            self.work.waiter.until(
                {'available'},
                lambda: self.cloud.cinder.backup_state(backup_id),
                f'Backup {backup_id}',
                bad={'error', 'error_deleting', 'deleting'},
            )
        except errors.WaitTimeout:
            if not self.cloud.cinder.backup_is_served(backup_id):
                raise self._unserved(backup_id) from None
            raise
        except errors.WaitFailed as exc:
            raise self._failure(backup_id) from exc

    def _await_sign_of_life(self, backup_id: str) -> None:
        """Wait until a service works on the backup, or the backup has ended.

        :raises BackupServiceUnavailable: if no service takes it up in time.
        """
        cinder = self.cloud.cinder

        def read() -> str:
            if cinder.backup_state(backup_id) != 'creating':
                return 'served'
            return (
                'served' if cinder.backup_is_served(backup_id) else 'creating'
            )

        try:
            self.work.waiter.until(
                {'served'},
                read,
                f'Backup {backup_id}',
                timeout=min(_SIGN_OF_LIFE, self.work.waiter.timeout),
            )
        except errors.WaitTimeout:
            raise self._unserved(backup_id) from None

    def _unserved(self, backup_id: str) -> errors.BackupError:
        return errors.BackupServiceUnavailable(
            _stuck(self.item, backup_id), stuck=True
        )

    def _failure(self, backup_id: str) -> errors.BackupError:
        cinder = self.cloud.cinder
        why = cinder.backup_failure(backup_id)
        if _NO_SERVICE in why:
            return errors.BackupServiceUnavailable(
                f'{self.item.resource.label} was not backed up: no backup '
                'service of the cloud is running. Ask its operator, or use '
                '--volume-method image.',
                stuck=False,
            )
        why = why or cinder.last_message(backup_id)
        return errors.WaitFailed(
            f'Backup {backup_id} of {self.item.resource.label} failed: '
            f'{why or "Cinder gave no reason."}'
        )


def _in_use(item: plans.Item) -> bool:
    return bool(item.volume and item.volume.attachments)


def _stuck(item: plans.Item, backup_id: str) -> str:
    return (
        f'Backup {backup_id} of {item.resource.label} was not taken up by '
        'any backup service: it stays "creating", and the volume '
        '"backing-up", until the operator of the cloud starts the service. '
        'Use --volume-method image for other volumes.'
    )


def _surprise(
    item: plans.Item, backup: resources.CinderBackup
) -> tuple[str, ...]:
    """Return a note if the backup is full though incremental was wanted.

    Cinder has the last word on whether a backup is incremental.
    """
    if _incremental(item) and not backup.incremental:
        return ('Cinder made a full backup instead of an incremental one.',)
    return ()


def _incremental(item: plans.Item) -> bool:
    task = item.task
    return isinstance(task, plans.VolumeBackup) and task.incremental


def steps(item: plans.Item) -> step.Steps:
    """Return the one step: Cinder makes a backup that stays in the cloud."""
    return (Backup,)
