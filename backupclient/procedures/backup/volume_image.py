# SPDX-License-Identifier: Apache-2.0
"""Guide: "Glance image backups of detached volumes"."""

import dataclasses

from backupclient.cloud import once
from backupclient.model import copies
from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import tags
from backupclient.model import tasks
from backupclient.procedures import cause
from backupclient.procedures import files
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures import volume_state
from backupclient.procedures.backup import capture
from backupclient.procedures.backup import image_download


class UploadVolume(step.Step[interim.Backup]):
    """Copy the volume into an image.

    The image tells how it went: the volume goes back to ``available`` even
    when the upload has failed, and Cinder then deletes the image.
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
            image_name(self.work, self.item),
            self.metadata(role(self.item)),
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
        """The volume to copy: the temporary one, where there is one."""
        return made.volume_id or self.item.resource.id

    def _find(self) -> str | None:
        return self.cloud.glance.find(
            self.cloud.identity.project_id,
            self.name,
            self.metadata(role(self.item)),
        )

    def _start(self, made: interim.Backup) -> str:
        # A refused upload of an encrypted volume leaves a copy of its key
        # behind in Barbican: so its state is looked at first.
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
        """Leave the volume as it was found: no longer ``uploading``."""
        volume_id = self._volume_id(made)
        volume_state.leave(self.work, volume_id, {'uploading'})


class DeleteImage(step.Step[interim.Backup]):
    """Take the intermediate image away: its data are in a checked file."""

    stable_name = 'delete-image'
    title = 'delete the image'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image delete IMAGE'

    def do(self, made: interim.Backup) -> interim.Backup:
        files.require_data(self.work, made)
        return removal.afterwards(
            self.work,
            made,
            f'image {made.image_id}',
            lambda: removal.of(self.work).image(made.image_id),
        )


class RecordImage(step.Step[interim.Backup]):
    """Write down the image that stays."""

    stable_name = 'record-image'
    title = 'record the image'
    makes = 'artifact'

    @staticmethod
    def command(item: plans.Item) -> str:
        return 'openstack image show IMAGE'

    def do(self, made: interim.Backup) -> interim.Backup:
        image = image_state.present(self.work, made.image_id)
        return dataclasses.replace(
            made,
            artifact=copies.Artifact(
                'image', image.id, image.name, key_id=image.key_id
            ),
        )


def _needs(item: plans.Item) -> dict[str, int]:
    """Give an image that stays what Cinder does not give it.

    Cinder copies the properties of the image that the volume was made of, and
    leaves ``min_disk`` and ``min_ram`` out
    (``cinder/volume/api.py:_merge_volume_image_meta``).
    """
    if item.volume is None or role(item) is not tags.Role.ARTIFACT:
        return {}
    said = item.volume.image_metadata
    found = {
        'min_disk': properties.min_disk(said),
        'min_ram': properties.min_ram(said),
    }
    return {name: value for name, value in found.items() if value}


def role(item: plans.Item) -> tags.Role:
    """Tell whether the image of an item stays."""
    copy = item.task
    kept = isinstance(copy, tasks.ImageCopy) and copy.keep_image
    stays = kept or not item.to_file
    return tags.Role.ARTIFACT if stays else tags.Role.TEMPORARY


def artifact_name(work: step.Work, item: plans.Item) -> str:
    """Give the name of what stays in the cloud, as the user wants it."""
    return names.artifact(
        work.run, item.resource, work.name, work.shared_names
    )


def image_name(work: step.Work, item: plans.Item) -> str:
    """Give the name of an item's image, whether it stays or goes."""
    if role(item) is tags.Role.ARTIFACT:
        return artifact_name(work, item)
    return tags.name(work.run, item.resource)


def after_upload(item: plans.Item) -> step.Steps:
    """The steps from an image to the end: bring it out, or keep it."""
    out = image_download.bring_out(item) if item.to_file else ()
    if role(item) is tags.Role.ARTIFACT:
        return (*out, RecordImage)
    return (*out, DeleteImage)


def steps(item: plans.Item) -> step.Steps:
    """A detached volume can be copied to an image as it is."""
    return (UploadVolume, *after_upload(item))
