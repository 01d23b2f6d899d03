# SPDX-License-Identifier: Apache-2.0
"""Files that become images: what to say to Glance."""

from collections.abc import Iterable, Mapping

from backupclient.manifest.restore import shell

# What the services set by themselves. With the key's old deletion policy,
# deleting the image would also delete the key that was stored for it.
_OTHERS_PREFIXES = (
    'backupclient_',
    'cinder_encryption_key_',
    'img_signature',
    'os_glance',
    'os_hash_',
    'owner_specified.openstack.',
)
_OTHERS = frozenset(
    {
        'base_image_ref',
        'bdm_v2',
        'block_device_mapping',
        'boot_roles',
        'checksum',
        'container_format',
        'disk_format',
        'image_id',
        'image_location',
        'image_name',
        'image_state',
        'image_type',
        'instance_uuid',
        'min_disk',
        'min_ram',
        'owner_id',
        'owner_project_name',
        'owner_user_name',
        'root_device_name',
        'signature_verified',
        'size',
        'user_id',
    }
)


def properties(found: Mapping[str, str]) -> tuple[str, ...]:
    """Give the options for the properties that were the owner's."""
    return shell.properties(owners(found))


def owners(found: Mapping[str, str]) -> Mapping[str, str]:
    """Give the properties that were the owner's."""
    return {
        name: found[name]
        for name in found
        if name not in _OTHERS and not name.startswith(_OTHERS_PREFIXES)
    }


def image(
    path: str,
    disk_format: str,
    container_format: str,
    options: Iterable[str],
    name: str,
) -> str:
    """Give the command that makes an image of a file.

    :param options: further ones, quoted.
    :param name: the last argument, quoted.
    :returns: it keeps the new image's ID in ``IMAGE``.
    """
    return shell.kept(
        'IMAGE',
        'id',
        'openstack image create --private',
        f'{shell.option("--disk-format", disk_format)} '
        f'{shell.option("--container-format", container_format)}',
        *options,
        f'--file {shell.word(path)}',
        name,
    )
