# SPDX-License-Identifier: Apache-2.0
"""Properties of images: those of the owner, and those that services set.

Properties belong to a server's disk as its bytes do: ``hw_disk_bus`` and its
like decide on which hardware the guest finds it.
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
"""What Cinder shows among the metadata of a volume, and is none of them."""

# With the key's old deletion policy, deleting the image would also delete the
# key that was stored for it. A signature is of bytes that are no longer there.
_PREFIXES = (
    'backupclient_',
    'cinder_encryption_key_',
    'img_signature',
    'os_glance',
    'os_hash_',
    'owner_specified.openstack.',
    'owner_specified.shade.',
)
# By Nova on its snapshots, by Cinder on the images of volumes, or by both on
# an image that stands for a volume-backed server.
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
# They name another image. Nova also sets them where there is none.
_OTHER_IMAGES = ('kernel_id', 'ramdisk_id')
CERTIFICATE = 'img_signature_certificate_uuid'
"""Names the secret by which Glance proves the signature of an image."""

_SIGNATURE = (
    'img_signature',
    CERTIFICATE,
    'img_signature_hash_method',
    'img_signature_key_type',
)
_LONGEST_TAG = 255
_MOST_TAGS = 128
"""Of an image: Glance's own default limit."""

# Nova keeps so many bytes of a property (``nova/utils.py``,
# ``get_system_metadata_from_image``).
_KEPT_BYTES = 255
_LARGEST_NUMBER = (1 << 31) - 1


def owned(found: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that no service sets by itself, by their names."""
    return {
        name: found[name]
        for name in sorted(found)
        if not _is_of_services(name)
        and (found[name] or name not in _OTHER_IMAGES)
    }


def signature(found: Mapping[str, str]) -> dict[str, str]:
    """Return the signature of an image's bytes, nothing if a part is missing.

    Glance proves it while the bytes arrive, and needs all parts.
    """
    if not all(found.get(name) for name in _SIGNATURE):
        return {}
    return {name: found[name] for name in _SIGNATURE}


def references(found: Mapping[str, str]) -> dict[str, str]:
    """Return the IDs that properties name, by the property.

    :returns: of a certificate only where the signature is whole.
    """
    named = {**found, CERTIFICATE: signature(found).get(CERTIFICATE, '')}
    return {
        name: named[name]
        for name in (*_OTHER_IMAGES, CERTIFICATE)
        if named.get(name)
    }


def own_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of an image that a restore sets.

    Not those by which we or a service would know it, which a set of somebody
    else could have, nor more than Glance takes.
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
    """Return the metadata of a volume that users gave it.

    Cinder shows two facts of its own among them (``cinder/utils.py``,
    ``add_visible_admin_metadata``).
    """
    return {
        name: value
        for name, value in metadata.items()
        if name not in OF_CINDER and not name.startswith('backupclient_')
    }


def read_only(metadata: Mapping[str, str]) -> bool:
    """Tell whether Cinder shows among its metadata that a volume is so."""
    return metadata.get('readonly', '').lower() == 'true'


def completed(
    inherited: Mapping[str, str], source: Mapping[str, str]
) -> dict[str, str]:
    """Return properties that Nova inherited, those that it cut made whole.

    What Nova inherited when the server was made is what the server has. The
    source may have been changed since then.

    :param source: the properties of the image that the server was made from.
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
    """Return a number that Glance would take, 0 for anything else.

    Cinder keeps texts, and its users can write what they like into them.
    """
    text = found.get(name, '')
    value = int(text) if re.fullmatch('[0-9]{1,10}', text) else 0
    return value if value <= _LARGEST_NUMBER else 0


def _whole(value: str, long: str) -> str:
    # Nova cuts no character in two, so up to three bytes may be missing.
    cut = len(value.encode(errors='replace')) > _KEPT_BYTES - 4
    return long if cut and long.startswith(value) else value
