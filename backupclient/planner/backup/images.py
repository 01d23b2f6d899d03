# SPDX-License-Identifier: Apache-2.0
"""The rule for images: they are downloaded."""

from collections.abc import Iterable

from backupclient.model import inventories
from backupclient.model import layout
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tags
from backupclient.model import tasks
from backupclient.planner.backup import encryption
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule

KIND = resources.Kind.IMAGE
NEEDS_TARGET = True

# Statuses that pass by themselves, from Glance's documentation of image
# statuses. A request for the data of such an image returns 204, no content.
_PASSING = frozenset({'queued', 'saving', 'uploading', 'importing'})
_ADVICE = {
    'deactivated': 'Ask the operator of the cloud to reactivate it.',
    'killed': 'Its upload failed: delete it, or leave it out.',
}


def named(request: requests.Request) -> tuple[str, ...]:
    """Return the names and IDs of ``--image``."""
    return request.images


def known(inventory: inventories.Inventory) -> Iterable[resources.Resource]:
    """Yield all images that the project may see, also those of others."""
    return (image.resource for image in inventory.images)


def of_tenant(index: indexes.Index) -> Iterable[resources.Resource]:
    """Yield the project's own images, except those without data, and ours.

    A queued image has no data, and perhaps never will. The image that Nova
    makes of a volume-backed server has the size 0.
    """
    return (
        image.resource
        for image in index.inventory.images
        if image.owner == index.inventory.identity.project_id
        and image.size != 0
        and (image.status, image.size) != ('queued', None)
        and not tags.made_by_us(
            image.name, tags.own(image.id, image.name, image.properties)
        )
    )


def item(case: rule.Case) -> plans.Item:
    """Plan the download of an image."""
    image = case.index.images[case.resource.id]
    wanted = plans.Item(
        resource=case.resource,
        task=tasks.ImageDownload(image),
        reason='Images are downloaded as they are.',
        consistency=plans.Consistency.IMMUTABLE,
        result=layout.data_file(case.resource, image.disk_format),
        size=image.size,
        notes=notes(case.index, image),
        seen=image,
    )
    return rule.unless(obstacle(case.index, image), wanted)


def obstacle(index: indexes.Index, image: resources.Image) -> str:
    """Return why an image cannot be downloaded or decrypted, else ``''``."""
    return index.missing('image') or _state(image) or _no_key(index, image)


def notes(index: indexes.Index, image: resources.Image) -> tuple[str, ...]:
    """Return notes about the copy of an image."""
    found = []
    if image.status in _PASSING:
        found.append(f'The run waits until it is no longer "{image.status}".')
    elif not (image.hash_value or image.checksum):
        found.append('Glance has no hash of it: only its size is checked.')
    if image.owner != index.inventory.identity.project_id:
        found.append('It belongs to another project.')
    if image.key_id:
        found.append(encryption.WITH_KEY)
    return tuple(found)


def _state(image: resources.Image) -> str:
    if image.status in _PASSING:
        return ''
    if image.status != 'active':
        advice = _ADVICE.get(image.status, 'Leave it out.')
        return f'Its state "{image.status}" allows no download. {advice}'
    if image.size == 0:
        return (
            'There is nothing to download. An image of size 0 mostly refers '
            'to snapshots, which hold the data of a volume-backed server.'
        )
    if image.size is None:
        return (
            'Glance does not tell its size, so a download could not be '
            'checked: ask the operator of the cloud.'
        )
    return ''


def _no_key(index: indexes.Index, image: resources.Image) -> str:
    if not image.key_id:
        return ''
    return encryption.obstacle(index, image.key_id)
