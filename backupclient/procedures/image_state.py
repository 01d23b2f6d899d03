# SPDX-License-Identifier: Apache-2.0
"""The state of an image: waiting for its data, and whether it is there."""

from collections.abc import Iterator
import contextlib

from backupclient import errors
from backupclient.model import resources
from backupclient.procedures import step

_REFUSED = 400
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
            'deleted it, and start a new run.',
            404,
        )
    return image


@contextlib.contextmanager
def needed(work: step.Work, image_id: str) -> Iterator[None]:
    """Raise NotFound for a refusal inside whose cause is a missing image.

    Cinder and Nova answer 400 then, not 404 (``cinder/api/v3/volumes.py`` and
    ``nova/api/openstack/compute/servers.py``, ``create``).

    :param image_id: the image that the request names, ``''`` for none.
    :raises NotFound: if the image was deleted.
    """
    try:
        yield
    except errors.CloudError as exc:
        if exc.status == _REFUSED and image_id:
            present(work, image_id)
        raise
