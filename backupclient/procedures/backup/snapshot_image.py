# SPDX-License-Identifier: Apache-2.0
"""Guide: "Glance image backups of attached (in-use) volumes"."""

import dataclasses

from backupclient import errors
from backupclient.cloud import once
from backupclient.model import plans
from backupclient.model import tags
from backupclient.procedures import cause
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import image_end
from backupclient.procedures.backup import volume_image

_TEMPORARY = tags.Role.TEMPORARY


class Snapshot(step.Step[interim.Backup]):
    """Take a snapshot: later writes to the volume do not change the copy."""

    stable_name = 'snapshot'
    title = 'take a snapshot'
    makes = 'snapshot_id'
    captures = True

    @staticmethod
    def command(item: plans.Item) -> str:
        return (
            'openstack --os-volume-api-version 3.66 volume snapshot create '
            f'--volume {item.resource.id} SNAPSHOT'
        )

    def do(self, made: interim.Backup) -> interim.Backup:
        snapshot_id = once.make_once(self._find, self._start, self.work.clock)
        with cause.told(
            self.work,
            snapshot_id,
            f'A snapshot of {self.item.resource.label} could not be taken',
        ):
            self.work.waiter.until(
                {'available'},
                lambda: self.cloud.cinder.snapshot_state(snapshot_id),
                f'Snapshot {snapshot_id}',
                bad={'error', 'error_deleting', 'deleting'},
            )
        snapshot = self.cloud.cinder.snapshot(snapshot_id)
        if snapshot is None:
            raise errors.NotFound(f'Snapshot {snapshot_id} is gone.', 404)
        made = dataclasses.replace(made, snapshot_id=snapshot_id)
        return capture.note_state(
            self.work, self.item, made, snapshot.created_at
        )

    def undo(self, made: interim.Backup) -> None:
        snapshot_id = made.snapshot_id or self._find()
        if snapshot_id:
            removal.of(self.work).snapshot(snapshot_id)

    def _find(self) -> str | None:
        return self.cloud.cinder.find_snapshot(
            self.item.resource.id, self.metadata(_TEMPORARY)
        )

    def _start(self) -> str:
        volume_id = self.item.resource.id
        volume_state.settle(self.work, volume_id, {'available', 'in-use'})
        return self.cloud.cinder.create_snapshot(
            volume_id, self.name, self.metadata(_TEMPORARY)
        )


class TemporaryVolume(step.Step[interim.Backup]):
    """Make a volume from the snapshot: Cinder uploads only detached ones."""

    stable_name = 'temporary-volume'
    title = 'make a volume of the snapshot'
    makes = 'volume_id'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack volume create --snapshot SNAPSHOT VOLUME'

    def do(self, made: interim.Backup) -> interim.Backup:
        volume_id = once.make_once(
            self._find,
            lambda: self.cloud.cinder.create_volume(
                made.snapshot_id, self.name, self.metadata(_TEMPORARY)
            ),
            self.work.clock,
        )
        with cause.told(
            self.work,
            volume_id,
            f'A volume could not be made of the snapshot of '
            f'{self.item.resource.label}',
        ):
            volume_state.settle(self.work, volume_id, {'available'}, '')
        return dataclasses.replace(made, volume_id=volume_id)

    def undo(self, made: interim.Backup) -> None:
        volume_id = made.volume_id or self._find()
        if volume_id:
            removal.of(self.work).volume(volume_id)

    def _find(self) -> str | None:
        return self.cloud.cinder.find_volume(
            self.name, self.metadata(_TEMPORARY)
        )


class UploadTemporary(volume_image.UploadVolume):
    """Copy the temporary volume into an image."""

    stable_name = 'upload-temporary'

    @staticmethod
    def command(item: plans.Item) -> str:
        return (
            'openstack image create --volume VOLUME --disk-format raw '
            '--container-format bare IMAGE'
        )


class DeleteVolume(step.Step[interim.Backup]):
    """Delete the temporary volume; its snapshot is deleted after it."""

    stable_name = 'delete-volume'
    title = 'delete the temporary volume'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack volume delete VOLUME'

    def do(self, made: interim.Backup) -> interim.Backup:
        return removal.afterwards(
            self.work,
            made,
            f'volume {made.volume_id}',
            lambda: removal.of(self.work).volume(made.volume_id),
        )


class DeleteSnapshot(step.Step[interim.Backup]):
    """Delete the snapshot, after the volume that was made from it."""

    stable_name = 'delete-snapshot'
    title = 'delete the snapshot'
    frees = True

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack volume snapshot delete SNAPSHOT'

    def do(self, made: interim.Backup) -> interim.Backup:
        return removal.afterwards(
            self.work,
            made,
            f'snapshot {made.snapshot_id}',
            lambda: removal.of(self.work).snapshot(made.snapshot_id),
        )


def steps(item: plans.Item) -> step.Steps:
    """Return the steps: snapshot, temporary volume, image."""
    return (
        Snapshot,
        TemporaryVolume,
        UploadTemporary,
        DeleteVolume,
        DeleteSnapshot,
        *image_end.steps(item),
    )
