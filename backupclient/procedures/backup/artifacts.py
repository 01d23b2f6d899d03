# SPDX-License-Identifier: Apache-2.0
"""What stays in the cloud of a backup, and its name."""

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import tags
from backupclient.model import tasks
from backupclient.procedures import step


def role(item: plans.Item) -> tags.Role:
    """Tell whether the image of an item stays."""
    copy = item.task
    kept = isinstance(copy, tasks.ImageCopy) and copy.keep_image
    stays = kept or not item.to_file
    return tags.Role.ARTIFACT if stays else tags.Role.TEMPORARY


def name(work: step.Work, item: plans.Item) -> str:
    """Give the name of what stays in the cloud, as the user wants it."""
    return names.artifact(
        work.run, item.resource, work.name, work.shared_names
    )


def image_name(work: step.Work, item: plans.Item) -> str:
    """Give the name of an item's image, whether it stays or goes."""
    if role(item) is tags.Role.ARTIFACT:
        return name(work, item)
    return tags.name(work.run, item.resource)
