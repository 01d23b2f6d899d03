# SPDX-License-Identifier: Apache-2.0
"""Waiting for an image's data."""

from backupclient import errors
from backupclient.model import resources
from backupclient.procedures import step

_FAILING = frozenset({'deactivated', 'deleted', 'killed', 'pending_delete'})


def active(work: step.Work, image_id: str) -> resources.Image:
    """Wait until an image's data are there.

    :returns: the image as it is then, its size and hashes known.
    :raises WaitFailed: it will not have any; Cinder and Nova delete an image
        that they could not fill.
    """
    work.waiter.until(
        {'active'},
        lambda: work.cloud.glance.state(image_id),
        f'Image {image_id}',
        bad=_FAILING,
    )
    return present(work, image_id)


def present(work: step.Work, image_id: str) -> resources.Image:
    """Read an image that has to be there."""
    image = work.cloud.glance.image(image_id)
    if image is None:
        raise errors.NotFound(
            f'Image {image_id} was deleted during the run. Find out who '
            'deleted it, and run the backup again.',
            404,
        )
    return image
