# SPDX-License-Identifier: Apache-2.0
"""Waiting for an image's data."""

from backupclient import errors
from backupclient.model import resources
from backupclient.procedures import step

_FAILING = frozenset({'deactivated', 'deleted', 'killed', 'pending_delete'})


def active(work: step.Work, image_id: str) -> resources.Image:
    """Wait until an image is active, so that it has all of its data.

    :returns: the active image, with size and hashes.
    :raises WaitFailed: if it cannot become active; Cinder and Nova delete an
        image whose upload failed.
    """
    work.waiter.until(
        {'active'},
        lambda: work.cloud.glance.state(image_id),
        f'Image {image_id}',
        bad=_FAILING,
    )
    return present(work, image_id)


def present(work: step.Work, image_id: str) -> resources.Image:
    """Return an image.

    :raises NotFound: if it was deleted.
    """
    image = work.cloud.glance.image(image_id)
    if image is None:
        raise errors.NotFound(
            f'Image {image_id} was deleted during the run. Find out who '
            'deleted it, and run the backup again.',
            404,
        )
    return image
