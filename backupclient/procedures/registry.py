# SPDX-License-Identifier: Apache-2.0
"""Which procedure has which steps: all of them, in one place."""

from collections.abc import Callable, Mapping

from backupclient.model import plan as plan_
from backupclient.procedures import image_download
from backupclient.procedures import secret_download
from backupclient.procedures import server_image
from backupclient.procedures import snapshot_image
from backupclient.procedures import step
from backupclient.procedures import volume_backup
from backupclient.procedures import volume_image

PROCEDURES: Mapping[plan_.Procedure, Callable[[plan_.Item], step.Steps]] = {
    plan_.Procedure.IMAGE_DOWNLOAD: image_download.steps,
    plan_.Procedure.SERVER_IMAGE: server_image.steps,
    plan_.Procedure.VOLUME_BACKUP: volume_backup.steps,
    plan_.Procedure.VOLUME_IMAGE: volume_image.steps,
    plan_.Procedure.SNAPSHOT_IMAGE: snapshot_image.steps,
    plan_.Procedure.SECRET_DOWNLOAD: secret_download.steps,
}


def steps(item: plan_.Item) -> step.Steps:
    """Give the steps that back an item up, in their order.

    :returns: none for an item that cannot be backed up.
    """
    found = PROCEDURES.get(item.procedure)
    return found(item) if found else ()
