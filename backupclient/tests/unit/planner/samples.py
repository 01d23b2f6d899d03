# SPDX-License-Identifier: Apache-2.0
"""Records as a cloud could give them, by short names."""

import dataclasses
import uuid

from backupclient.model import inventories
from backupclient.model import resources

PROJECT = 'project-of-alice'
SERVICES = frozenset({'block-storage', 'compute', 'image', 'key-manager'})
RUN_ID = '20260102T030405Z-abcd'

_LISTS = {
    resources.Server: 'servers',
    resources.Volume: 'volumes',
    resources.CinderBackup: 'backups',
    resources.Image: 'images',
    resources.Secret: 'secrets',
}


def uuid_of(name):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def volume(name, status='available', size_gib=10, **fields):
    fields.setdefault('id', uuid_of(f'volume {name}'))
    return resources.Volume(
        name=name, status=status, size_gib=size_gib, **fields
    )


def attached(name, *servers, **fields):
    """A volume that some servers, by their names, have in use."""
    fields.setdefault('status', 'in-use')
    places = tuple(
        resources.Attachment(uuid_of(f'server {server}'), '/dev/vdb')
        for server in servers
    )
    return volume(name, attachments=places, **fields)


def encrypted(made, key='key'):
    """A volume as it would be with an encrypted type."""
    return dataclasses.replace(made, encrypted=True, key_id=key)


def server(name, status='ACTIVE', image_id='an-image', **fields):
    fields.setdefault('id', uuid_of(f'server {name}'))
    return resources.Server(
        name=name, status=status, image_id=image_id, **fields
    )


def image(name, status='active', size=1000, **fields):
    fields.setdefault('id', uuid_of(f'image {name}'))
    fields.setdefault('owner', PROJECT)
    fields.setdefault('disk_format', 'qcow2')
    fields.setdefault('hash_value', 'hash')
    return resources.Image(name=name, status=status, size=size, **fields)


def secret(name, status='ACTIVE', **fields):
    fields.setdefault('id', uuid_of(f'secret {name}'))
    fields.setdefault('content_type', 'application/octet-stream')
    return resources.Secret(name=name, status=status, **fields)


def backup(of, status='available', **fields):
    """A Cinder backup of a volume."""
    fields.setdefault('name', f'backup of {of.name}')
    fields.setdefault('id', uuid_of(fields['name']))
    fields.setdefault('size_gib', of.size_gib)
    return resources.CinderBackup(volume_id=of.id, status=status, **fields)


def inventory(*records, **fields):
    """An inventory of a cloud that offers everything."""
    for kind, name in _LISTS.items():
        fields[name] = tuple(one for one in records if isinstance(one, kind))
    fields.setdefault('services', SERVICES)
    return inventories.Inventory(
        identity=inventories.CloudIdentity(
            'https://keystone', 'RegionOne', PROJECT, 'alice', 'alice-id'
        ),
        **fields,
    )
