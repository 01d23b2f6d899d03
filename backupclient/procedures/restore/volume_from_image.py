# SPDX-License-Identifier: Apache-2.0
"""Restoring a volume from a file, or from an image kept in the cloud."""

import dataclasses
import functools

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import restores
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.restore import image_upload
from backupclient.procedures.restore import key_store
from backupclient.procedures.restore import luks_opening
from backupclient.procedures.restore import shell
from backupclient.procedures.restore import task
from backupclient.procedures.restore import volume_finish
from backupclient.transfer import upload


class UploadVolume(image_upload.Upload):
    """Make an image from the file; it is deleted when the volume exists."""

    def image(self) -> resources.Image:
        """Return the description of the image to make."""
        return _between(self.item)

    def body(self) -> upload.Body:
        """Return the data to send, decrypted if the plan says so."""
        body = super().body()
        if volume_finish.new(self.item).way is not restores.Way.OPENED:
            return body
        size = luks_opening.plain_size(self.work, self.item)
        return dataclasses.replace(
            body,
            size=size,
            sent_as=functools.partial(
                luks_opening.opened, self.work, self.item, size
            ),
        )

    @staticmethod
    def command(item: plans.Item) -> str:
        path, way = task.file(item).path, volume_finish.new(item).way
        opened = way is restores.Way.OPENED
        create = image_upload.command(
            _between(item),
            'IMAGE',
            luks_opening.PLAIN if opened else path,
            names.temporary_image(item.resource),
            with_key=way is restores.Way.WITH_KEY,
        )
        if not opened:
            return create
        remove = f'rm {luks_opening.PLAIN}'
        return '\n'.join([*luks_opening.commands(item), create, remove])


class MakeVolume(volume_finish.MakeVolume):
    """Let Cinder make the volume from the image."""

    def source(self, made: interim.Restore) -> tuple[str, str]:
        """Return the request's field for the image, and the image's ID."""
        artifact = task.of(self.item).source.artifact
        return 'imageRef', artifact.id if artifact else made.image_id

    def do(self, made: interim.Restore) -> interim.Restore:
        with image_state.needed(self.work, self.source(made)[1]):
            return super().do(made)

    @staticmethod
    def command(item: plans.Item) -> str:
        artifact = task.of(item).source.artifact
        image = shell.word(artifact.id) if artifact else shell.value('IMAGE')
        return volume_finish.command(item, f'--image {image}')


class DeleteUpload(step.Step[interim.Restore]):
    """Delete the image: its data are in the volume, or in the server."""

    stable_name = 'delete-upload'
    title = 'delete the image'

    @staticmethod
    def command(item: plans.Item) -> str:
        return f'openstack image delete {shell.value("IMAGE")}'

    def do(self, made: interim.Restore) -> interim.Restore:
        return removal.afterwards(
            self.work,
            made,
            f'image {made.image_id}',
            lambda: removal.of(self.work).image(made.image_id),
        )


def _between(item: plans.Item) -> resources.Image:
    """Return the description of the image between the file and the volume.

    Cinder copies its properties to the volume. They set the hardware of a
    server that boots from the volume.
    """
    volume = volume_finish.described(item)
    said = volume.image_metadata
    return resources.Image(
        id=volume.id,
        name='',
        status='queued',
        owner='',
        disk_format='raw',
        container_format='bare',
        min_disk=properties.min_disk(said),
        min_ram=properties.min_ram(said),
        # Without the signature: it belongs to the data of another image.
        properties=properties.owned(said),
    )


def steps(item: plans.Item) -> step.Steps:
    """Return the steps: upload the file if there is one, make the volume."""
    source, way = task.of(item).source, volume_finish.new(item).way
    end = volume_finish.ending(item)
    if source.file is None:
        return (MakeVolume, *end)
    with_key = way is restores.Way.WITH_KEY
    return (
        *((key_store.StoreKey,) if with_key else ()),
        UploadVolume,
        MakeVolume,
        DeleteUpload,
        *((key_store.DeleteKey,) if with_key else ()),
        *end,
    )
