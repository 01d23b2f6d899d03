# SPDX-License-Identifier: Apache-2.0
"""Image properties: tell the owner's from those that services set.

The owner's properties are part of a server's backup: for example,
``hw_disk_bus`` decides on which virtual hardware the guest finds its disk.
"""

from collections.abc import Iterable, Mapping
import re

GLANCE = frozenset(
    {
        'checksum',
        'container_format',
        'created_at',
        'direct_url',
        'disk_format',
        'file',
        'id',
        'locations',
        'min_disk',
        'min_ram',
        'name',
        'os_hash_algo',
        'os_hash_value',
        'os_hidden',
        'owner',
        'protected',
        'schema',
        'self',
        'size',
        'status',
        'stores',
        'tags',
        'updated_at',
        'virtual_size',
        'visibility',
    }
)
"""Glance's own fields of an image; Cinder lists some as properties."""

OF_CINDER = frozenset({'attached_mode', 'readonly'})
"""Cinder's own fields that it shows in a volume's metadata."""

# Never restored. With cinder_encryption_key_deletion_policy, deleting the new
# image would also delete the key. A signature fits only the original bytes.
_PREFIXES = (
    'backupclient_',
    'cinder_encryption_key_',
    'img_signature',
    'os_glance',
    'os_hash_',
    'owner_specified.openstack.',
    'owner_specified.shade.',
)
# Set by Nova on its snapshots, by Cinder on images of volumes, or by both on
# the image of a volume-backed server.
_SERVICES = frozenset(
    {
        'base_image_ref',
        'bdm_v2',
        'block_device_mapping',
        'boot_roles',
        'image_id',
        'image_location',
        'image_name',
        'image_state',
        'image_type',
        'instance_uuid',
        'mappings',
        'owner_id',
        'owner_project_name',
        'owner_user_name',
        'root_device_name',
        'signature_verified',
        'user_id',
    }
)
# IDs of other images. Nova also sets them, to '', if there is none.
_OTHER_IMAGES = ('kernel_id', 'ramdisk_id')
CERTIFICATE = 'img_signature_certificate_uuid'
"""The property with the ID of the secret that has the certificate. With it,
Glance verifies an image's signature."""

_SIGNATURE = (
    'img_signature',
    CERTIFICATE,
    'img_signature_hash_method',
    'img_signature_key_type',
)
_LONGEST_TAG = 255
_MOST_TAGS = 128
"""Glance's default limit of tags for an image."""

# Nova cuts a property to this many bytes (``nova/utils.py``,
# ``get_system_metadata_from_image``).
_KEPT_BYTES = 255
_LARGEST_NUMBER = (1 << 31) - 1


def owned(found: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that the owner has set, sorted by name."""
    return {
        name: found[name]
        for name in sorted(found)
        if not _is_of_services(name)
        and (found[name] or name not in _OTHER_IMAGES)
    }


def signature(found: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of an image's signature, ``{}`` if incomplete.

    Glance verifies the signature during an upload, and needs all four.
    """
    if not all(found.get(name) for name in _SIGNATURE):
        return {}
    return {name: found[name] for name in _SIGNATURE}


def references(found: Mapping[str, str]) -> dict[str, str]:
    """Return the IDs of other resources in the properties, by property.

    :returns: the certificate's ID only if the signature is complete.
    """
    named = {**found, CERTIFICATE: signature(found).get(CERTIFICATE, '')}
    return {
        name: named[name]
        for name in (*_OTHER_IMAGES, CERTIFICATE)
        if named.get(name)
    }


def own_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of an image that a restore may set.

    Left out are tags that have a meaning for this program or a service, since
    a forged manifest could have them, and tags beyond Glance's limit.
    """
    found = [
        tag
        for tag in dict.fromkeys(tags)
        if 0 < len(tag) <= _LONGEST_TAG
        and '\0' not in tag
        and not _is_of_services(re.split('[=:]', tag)[0].strip().lower())
        and not tag.strip().lower().startswith('backupclient')
    ]
    return tuple(found[:_MOST_TAGS])


def of_volume(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of a volume that users have set.

    Cinder adds two fields of its own (``cinder/utils.py``,
    ``add_visible_admin_metadata``).
    """
    return {
        name: value
        for name, value in metadata.items()
        if name not in OF_CINDER and not name.startswith('backupclient_')
    }


def read_only(metadata: Mapping[str, str]) -> bool:
    """Return whether a volume is read-only, by Cinder's field for it."""
    return metadata.get('readonly', '').lower() == 'true'


def completed(
    inherited: Mapping[str, str], source: Mapping[str, str]
) -> dict[str, str]:
    """Return a server's image properties, with values that Nova cut completed.

    :param inherited: the properties that Nova copied when the server was made.
        They count, because the source image may have changed since then.
    :param source: the properties of the image that the server was made from.
        A cut value is replaced only if it is the beginning of the value here.
    """
    return {
        name: _whole(value, source.get(name, ''))
        for name, value in inherited.items()
    }


def min_disk(found: Mapping[str, str]) -> int:
    """Return the ``min_disk`` among a volume's properties, in GiB."""
    return _number(found, 'min_disk')


def min_ram(found: Mapping[str, str]) -> int:
    """Return the ``min_ram`` among a volume's properties, in MiB."""
    return _number(found, 'min_ram')


def _is_of_services(name: str) -> bool:
    return name in GLANCE | _SERVICES or name.startswith(_PREFIXES)


def _number(found: Mapping[str, str], name: str) -> int:
    """Return a number if Glance would accept it, else 0.

    Cinder stores the property as a text, which users can set to anything.
    """
    text = found.get(name, '')
    value = int(text) if re.fullmatch('[0-9]{1,10}', text) else 0
    return value if value <= _LARGEST_NUMBER else 0


def _whole(value: str, long: str) -> str:
    # Nova does not split a character of UTF-8, so a cut value can be up to
    # three bytes shorter than the limit.
    cut = len(value.encode(errors='replace')) > _KEPT_BYTES - 4
    return long if cut and long.startswith(value) else value
