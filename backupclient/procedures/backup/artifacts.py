# SPDX-License-Identifier: Apache-2.0
"""The images and backups that a backup leaves in the cloud: role and name."""

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import tags
from backupclient.model import tasks
from backupclient.procedures import step


def role(item: plans.Item) -> tags.Role:
    """Return ARTIFACT if an item's image stays in the cloud, else TEMPORARY.

    An image stays if the user wants to keep it, or if it is the only copy.
    """
    copy = item.task
    kept = isinstance(copy, tasks.ImageCopy) and copy.keep_image
    stays = kept or not item.to_file
    return tags.Role.ARTIFACT if stays else tags.Role.TEMPORARY


def name(work: step.Work, item: plans.Item) -> str:
    """Return the name of an item's artifact, which begins with ``--name``."""
    return names.artifact(
        work.run, item.resource, work.name, work.shared_names
    )


def image_name(work: step.Work, item: plans.Item) -> str:
    """Return the name of an item's image, artifact or temporary."""
    if role(item) is tags.Role.ARTIFACT:
        return name(work, item)
    return tags.name(work.run, item.resource)
