# SPDX-License-Identifier: Apache-2.0
"""The image metadata that a restored volume has only from its image.

Cinder copies the properties of an image to each volume that it makes of it,
and adds facts such as the image's ID and size
(``cinder/volume/volume_utils.py``, ``get_volume_image_metadata``).
"""

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tags
from backupclient.procedures.restore import task

KEY = 'cinder_encryption_key_id'
"""The property with the ID of the secret that opens an image's data."""

_OF_THE_IMAGE = frozenset(
    {'image_id', 'image_name', 'checksum', 'signature_verified'}
)
"""Properties that never fit: they are those of an intermediate image."""

_OF_EACH_IMAGE = (
    'image_id',
    'container_format',
    'disk_format',
    'min_disk',
    'min_ram',
    'size',
)
"""Properties that Cinder always adds, but for the image's name."""

_OF_THE_CLIENT = (
    'owner_specified.openstack.md5',
    'owner_specified.openstack.object',
    'owner_specified.openstack.sha256',
)
"""Properties that ``openstack image create`` gives to each image
(``openstack/image/v2/_proxy.py``)."""


def inherited(volume: resources.Volume, old: resources.Volume) -> list[str]:
    """Return the properties that a new volume has only from its image."""
    return [name for name in volume.image_metadata if _is_foreign(name, old)]


def surely_inherited(item: plans.Item) -> list[str]:
    """Return such properties that a volume made by hand has in every cloud.

    ``openstack volume unset`` fails at the first property that is missing.
    So ``signature_verified`` is left out: it depends on how Cinder is
    configured, and a volume that is cloned from the image has none. So is the
    name of an image that was uploaded for the restore: it tells whoever has
    two volumes of one name which is the restored one (``model/details.py``).
    """
    source, old = task.of(item).source, task.described(item, resources.Volume)
    way = task.new(item, restores.NewVolume).way
    if way is restores.Way.BACKUP:
        return []
    if source.artifact is None:
        found = [*_OF_EACH_IMAGE, 'checksum']
        found += [KEY] if way is restores.Way.WITH_KEY else []
    else:
        # Without the checksum: Glance has none of an image whose data Cinder
        # has stored.
        found = [*_OF_EACH_IMAGE, 'image_name']
        found += [tags.RUN, tags.SOURCE, tags.ROLE]
        if source.artifact.key_id:
            found += [KEY, 'cinder_encryption_key_deletion_policy']
    client = _OF_THE_CLIENT if source.artifact is None else ()
    return [*(name for name in found if _is_foreign(name, old)), *client]


def _is_foreign(name: str, old: resources.Volume) -> bool:
    return (
        name not in old.image_metadata
        or name in _OF_THE_IMAGE
        or name.startswith(('backupclient_', 'cinder_encryption_key_'))
    )
