# SPDX-License-Identifier: Apache-2.0
"""From the services' JSON to the records of the model.

What is missing or null becomes the record's default: older releases and
narrower policies leave fields out.
"""

from collections.abc import Iterator, Mapping
import datetime
from typing import Any

from backupclient.model import lease as lease_
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags

Json = Mapping[str, Any]

_IMAGE_FIELDS = frozenset(
    {
        'checksum',
        'container_format',
        'created_at',
        'disk_format',
        'file',
        'id',
        'locations',
        'direct_url',
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


def _text(raw: Json, key: str) -> str:
    return str(raw.get(key) or '')


def _pairs(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {
        str(key): text if isinstance(text, str) else str(text)
        for key, text in value.items()
        if text is not None
    }


def volume(raw: Json) -> resources.Volume:
    """Read a volume of Cinder's detailed view, microversion 3.65."""
    return resources.Volume(
        id=raw['id'],
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        size_gib=int(raw.get('size') or 0),
        type_name=_text(raw, 'volume_type'),
        description=_text(raw, 'description'),
        availability_zone=_text(raw, 'availability_zone'),
        created_at=_text(raw, 'created_at'),
        bootable=raw.get('bootable') in (True, 'true'),
        encrypted=bool(raw.get('encrypted')),
        multiattach=bool(raw.get('multiattach')),
        consumes_quota=raw.get('consumes_quota') is not False,
        key_id=_text(raw, 'encryption_key_id'),
        attachments=tuple(
            resources.Attachment(_text(one, 'server_id'), _text(one, 'device'))
            for one in raw.get('attachments') or ()
        ),
        metadata=_pairs(raw.get('metadata')),
        image_metadata=_pairs(raw.get('volume_image_metadata')),
    )


def snapshot(raw: Json) -> resources.Snapshot:
    """Read a snapshot of Cinder's detailed view."""
    return resources.Snapshot(
        id=raw['id'],
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        volume_id=_text(raw, 'volume_id'),
        size_gib=int(raw.get('size') or 0),
        created_at=_text(raw, 'created_at'),
        metadata=_pairs(raw.get('metadata')),
    )


def backup(raw: Json) -> resources.CinderBackup:
    """Read a backup of Cinder's detailed view."""
    return resources.CinderBackup(
        id=raw['id'],
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        volume_id=_text(raw, 'volume_id'),
        size_gib=int(raw.get('size') or 0),
        incremental=bool(raw.get('is_incremental')),
        created_at=_text(raw, 'created_at'),
        key_id=_text(raw, 'encryption_key_id'),
        metadata=_pairs(raw.get('metadata')),
    )


def image(raw: Json) -> resources.Image:
    """Read an image; what is not one of Glance's fields is a property."""
    size, virtual_size = raw.get('size'), raw.get('virtual_size')
    return resources.Image(
        id=raw['id'],
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        owner=_text(raw, 'owner'),
        size=None if size is None else int(size),
        virtual_size=None if virtual_size is None else int(virtual_size),
        visibility=_text(raw, 'visibility') or 'private',
        hidden=bool(raw.get('os_hidden')),
        protected=bool(raw.get('protected')),
        disk_format=_text(raw, 'disk_format'),
        container_format=_text(raw, 'container_format'),
        min_disk=int(raw.get('min_disk') or 0),
        min_ram=int(raw.get('min_ram') or 0),
        checksum=_text(raw, 'checksum'),
        hash_algorithm=_text(raw, 'os_hash_algo'),
        hash_value=_text(raw, 'os_hash_value'),
        created_at=_text(raw, 'created_at'),
        tags=tuple(raw.get('tags') or ()),
        properties=_pairs(
            {k: v for k, v in raw.items() if k not in _IMAGE_FIELDS}
        ),
    )


def lease(raw: Json) -> lease_.Lease:
    """Read the note of a run from the image that it is.

    One that does not say when it was touched counts as just touched.
    """
    return lease_.Lease(
        id=raw['id'],
        run=_text(raw, tags.RUN),
        host=_text(raw, lease_.HOST),
        seen_at=stamps.read(_text(raw, 'updated_at'))
        or datetime.datetime.now(datetime.UTC),
        claims=frozenset(_text(raw, lease_.CLAIMS).split()),
    )


def server(raw: Json) -> resources.Server:
    """Read a server of Nova's detailed view, microversion 2.47 and newer.

    ``image`` is an empty string for a server that boots from a volume.
    """
    flavor: Json = raw.get('flavor') or {}
    from_image = raw.get('image')
    attached = raw.get('os-extended-volumes:volumes_attached') or ()
    return resources.Server(
        id=raw['id'],
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        image_id=_text(from_image, 'id')
        if isinstance(from_image, Mapping)
        else '',
        task_state=_text(raw, 'OS-EXT-STS:task_state'),
        volume_ids=tuple(one['id'] for one in attached),
        disk_gib=int(flavor.get('disk') or 0),
        ephemeral_gib=int(flavor.get('ephemeral') or 0),
        swap_mib=int(flavor.get('swap') or 0),
        flavor_name=_text(flavor, 'original_name'),
        vcpus=int(flavor.get('vcpus') or 0),
        ram_mib=int(flavor.get('ram') or 0),
        addresses=tuple(_addresses(raw.get('addresses') or {})),
        security_groups=tuple(
            _text(group, 'name') for group in raw.get('security_groups') or ()
        ),
        config_drive=raw.get('config_drive') in (True, 'True', 'true'),
        availability_zone=_text(raw, 'OS-EXT-AZ:availability_zone'),
        key_name=_text(raw, 'key_name'),
        created_at=_text(raw, 'created'),
        root_device=_text(raw, 'OS-EXT-SRV-ATTR:root_device_name'),
        metadata=_pairs(raw.get('metadata')),
        tags=tuple(raw.get('tags') or ()),
    )


def _addresses(networks: Json) -> Iterator[resources.Address]:
    for network, found in networks.items():
        for one in found:
            yield resources.Address(
                network,
                _text(one, 'addr'),
                _text(one, 'OS-EXT-IPS:type'),
                _text(one, 'OS-EXT-IPS-MAC:mac_addr'),
            )


def memberships(raw: Json) -> Iterator[tuple[str, resources.Membership]]:
    """Read a container: the ID of each secret in it, and as what."""
    for one in raw.get('secret_refs') or ():
        yield (
            _last_part(_text(one, 'secret_ref')),
            resources.Membership(
                _last_part(_text(raw, 'container_ref')),
                _text(raw, 'name'),
                _text(raw, 'type'),
                _text(one, 'name'),
            ),
        )


def _last_part(href: str) -> str:
    """Give the ID in a reference; its host may be anyone's."""
    return href.rstrip('/').rsplit('/', 1)[-1]


def secret(raw: Json) -> resources.Secret:
    """Read a secret's metadata; its ID is the end of ``secret_ref``."""
    bits = raw.get('bit_length')
    types = raw.get('content_types') or {}
    return resources.Secret(
        id=_last_part(_text(raw, 'secret_ref')),
        name=_text(raw, 'name'),
        status=_text(raw, 'status'),
        secret_type=_text(raw, 'secret_type') or 'opaque',
        algorithm=_text(raw, 'algorithm'),
        bit_length=None if bits is None else int(bits),
        mode=_text(raw, 'mode'),
        content_type=_text(types, 'default'),
        expires_at=_text(raw, 'expiration'),
        created_at=_text(raw, 'created'),
        creator_id=_text(raw, 'creator_id'),
    )
