# SPDX-License-Identifier: Apache-2.0
"""The last steps of a backup, from its image on."""

import dataclasses

from backupclient.model import copies
from backupclient.model import plans
from backupclient.model import tags
from backupclient.procedures import files
from backupclient.procedures import image_state
from backupclient.procedures import interim
from backupclient.procedures import removal
from backupclient.procedures import step
from backupclient.procedures.backup import artifacts
from backupclient.procedures.backup import image_download


class DeleteImage(step.Step[interim.Backup]):
    """Delete the intermediate image: its data are in a checked file."""

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
    """Record the image that stays in the cloud."""

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


def steps(item: plans.Item) -> step.Steps:
    """Return the steps after the image exists: download, then keep or delete.

    An image that stays in the cloud is downloaded only if the plan says so.
    """
    out = image_download.bring_out(item) if item.to_file else ()
    if artifacts.role(item) is tags.Role.ARTIFACT:
        return (*out, RecordImage)
    return (*out, DeleteImage)
