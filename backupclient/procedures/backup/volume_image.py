# SPDX-License-Identifier: Apache-2.0
"""Guide: "Glance image backups of detached volumes"."""

import dataclasses

from backupclient.cloud import once
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import cause
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.backup import artifacts
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import image_end


class UploadVolume(step.Step[interim.Backup]):
    """Copy the volume into an image.

    Only the image shows whether the upload worked. After a failed upload the
    volume is ``available`` again, and Cinder deletes the image.
    """

    stable_name = 'upload-volume'
    title = 'copy the volume to an image'
    makes = 'image_id'
    captures = True

    @staticmethod
    def command(item: plans.Item) -> str:
        return (
            f'openstack image create --volume {item.resource.id} '
            '--disk-format raw --container-format bare IMAGE'
        )

    def do(self, made: interim.Backup) -> interim.Backup:
        image_id = once.make_once(
            self._find, lambda: self._start(made), self.work.clock
        )
        image = self._finish(made, image_id)
        self.cloud.glance.update(
            image_id,
            artifacts.image_name(self.work, self.item),
            self.metadata(artifacts.role(self.item)),
            **_needs(self.item),
        )
        made = dataclasses.replace(made, image_id=image_id)
        return capture.note_state(self.work, self.item, made, image.created_at)

    def undo(self, made: interim.Backup) -> None:
        image_id = made.image_id or self._find()
        if image_id:
            removal.of(self.work).image(image_id)
        self._settle(made)

    def _volume_id(self, made: interim.Backup) -> str:
        """Return the temporary volume's ID, else the item's own."""
        return made.volume_id or self.item.resource.id

    def _find(self) -> str | None:
        return self.cloud.glance.find(
            self.cloud.identity.project_id,
            self.name,
            self.metadata(artifacts.role(self.item)),
        )

    def _start(self, made: interim.Backup) -> str:
        # Check the state first: if Cinder refuses to upload an encrypted
        # volume, a copy of its key stays behind in Barbican.
        volume_state.settle(self.work, self._volume_id(made), {'available'})
        return self.cloud.cinder.create_image(self._volume_id(made), self.name)

    def _finish(self, made: interim.Backup, image_id: str) -> resources.Image:
        with cause.told(
            self.work,
            self._volume_id(made),
            f'{self.item.resource.label} could not be copied to an image',
            'Look at the quota of the image service. Newer clouds also refuse '
            'LUKS 2, and NTFS or exFAT without a partition table: then use '
            '--volume-method backup.',
        ):
            return image_state.active(self.work, image_id)

    def _settle(self, made: interim.Backup) -> None:
        """Wait until the volume is no longer ``uploading``."""
        volume_id = self._volume_id(made)
        volume_state.leave(self.work, volume_id, {'uploading'})


def _needs(item: plans.Item) -> dict[str, int]:
    """Return the fields that Cinder does not set on an image that stays.

    Cinder copies the properties of the image that the volume was made from,
    except ``min_disk`` and ``min_ram``
    (``cinder/volume/api.py:_merge_volume_image_meta``).
    """
    if item.volume is None or artifacts.role(item) is not tags.Role.ARTIFACT:
        return {}
    said = item.volume.image_metadata
    found = {
        'min_disk': properties.min_disk(said),
        'min_ram': properties.min_ram(said),
    }
    return {name: value for name, value in found.items() if value}


def steps(item: plans.Item) -> step.Steps:
    """Return the steps that copy a detached volume to an image."""
    return (UploadVolume, *image_end.steps(item))
