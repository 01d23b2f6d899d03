# SPDX-License-Identifier: Apache-2.0
"""Convert the services' JSON to the records of the model.

A missing or null field becomes the record's default: older releases and
narrower policies leave fields out.
"""

from collections.abc import Iterator, Sequence
import datetime

from backupclient.cloud import fields
from backupclient.model import ids
from backupclient.model import leases
from backupclient.model import properties
from backupclient.model import resources
from backupclient.model import secret_facts
from backupclient.model import stamps
from backupclient.model import tags


@fields.reader('volume')
def volume(raw: fields.Json) -> resources.Volume:
    """Read a volume of Cinder's detailed view, microversion 3.65."""
    metadata = fields.pairs(fields.inner(raw, 'metadata'))
    return resources.Volume(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        size_gib=fields.number(raw, 'size') or 0,
        type_name=fields.text(raw, 'volume_type'),
        description=fields.text(raw, 'description'),
        availability_zone=fields.text(raw, 'availability_zone'),
        created_at=fields.text(raw, 'created_at'),
        bootable=raw.get('bootable') in (True, 'true'),
        encrypted=bool(raw.get('encrypted')),
        multiattach=bool(raw.get('multiattach')),
        consumes_quota=raw.get('consumes_quota') is not False,
        key_id=fields.text(raw, 'encryption_key_id'),
        attachments=tuple(
            resources.Attachment(
                fields.text(one, 'server_id'), fields.text(one, 'device')
            )
            for one in fields.objects(raw, 'attachments')
        ),
        metadata={
            name: value
            for name, value in metadata.items()
            if name not in properties.OF_CINDER
        },
        image_metadata=fields.pairs(
            fields.inner(raw, 'volume_image_metadata')
        ),
        read_only=properties.read_only(metadata),
        type_id=fields.text(raw, 'volume_type_id'),
    )


@fields.reader('snapshot')
def snapshot(raw: fields.Json) -> resources.Snapshot:
    """Read a snapshot of Cinder's detailed view."""
    return resources.Snapshot(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        volume_id=fields.text(raw, 'volume_id'),
        size_gib=fields.number(raw, 'size') or 0,
        created_at=fields.text(raw, 'created_at'),
        metadata=fields.pairs(fields.inner(raw, 'metadata')),
    )


@fields.reader('backup')
def backup(raw: fields.Json) -> resources.CinderBackup:
    """Read a backup of Cinder's detailed view."""
    return resources.CinderBackup(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        volume_id=fields.text(raw, 'volume_id'),
        size_gib=fields.number(raw, 'size') or 0,
        incremental=bool(raw.get('is_incremental')),
        created_at=fields.text(raw, 'created_at'),
        data_at=fields.text(raw, 'data_timestamp'),
        key_id=fields.text(raw, 'encryption_key_id'),
        metadata=fields.pairs(fields.inner(raw, 'metadata')),
    )


@fields.reader('image')
def image(raw: fields.Json) -> resources.Image:
    """Read an image; fields that are not Glance's own are properties."""
    return resources.Image(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        owner=fields.text(raw, 'owner'),
        size=fields.number(raw, 'size'),
        virtual_size=fields.number(raw, 'virtual_size'),
        visibility=fields.text(raw, 'visibility') or 'private',
        hidden=bool(raw.get('os_hidden')),
        protected=bool(raw.get('protected')),
        disk_format=fields.text(raw, 'disk_format'),
        container_format=fields.text(raw, 'container_format'),
        min_disk=fields.number(raw, 'min_disk') or 0,
        min_ram=fields.number(raw, 'min_ram') or 0,
        checksum=fields.text(raw, 'checksum'),
        hash_algorithm=fields.text(raw, 'os_hash_algo'),
        hash_value=fields.text(raw, 'os_hash_value'),
        created_at=fields.text(raw, 'created_at'),
        tags=fields.texts(raw, 'tags'),
        properties=fields.pairs(
            {k: v for k, v in raw.items() if k not in properties.GLANCE}
        ),
    )


@fields.reader('lease')
def lease(raw: fields.Json) -> leases.Lease:
    """Read a lease from its image; without a time, it counts as fresh."""
    return leases.Lease(
        id=fields.text(raw, 'id'),
        run=fields.text(raw, tags.RUN),
        host=fields.text(raw, leases.HOST),
        seen_at=stamps.read(fields.text(raw, 'updated_at'))
        or datetime.datetime.now(datetime.UTC),
        claims=frozenset(fields.text(raw, leases.CLAIMS).split()),
    )


@fields.reader('server')
def server(raw: fields.Json) -> resources.Server:
    """Read a server of Nova's detailed view, microversion 2.47 and newer.

    ``image`` is an empty string for a server that boots from a volume.
    """
    flavor = fields.inner(raw, 'flavor')
    attached = fields.objects(raw, 'os-extended-volumes:volumes_attached')
    groups = fields.objects(raw, 'security_groups')
    return resources.Server(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        image_id=fields.text(fields.inner(raw, 'image'), 'id'),
        task_state=fields.text(raw, 'OS-EXT-STS:task_state'),
        volume_ids=tuple(fields.text(one, 'id') for one in attached),
        disk_gib=fields.number(flavor, 'disk') or 0,
        ephemeral_gib=fields.number(flavor, 'ephemeral') or 0,
        swap_mib=fields.number(flavor, 'swap') or 0,
        flavor_name=fields.text(flavor, 'original_name'),
        vcpus=fields.number(flavor, 'vcpus') or 0,
        ram_mib=fields.number(flavor, 'ram') or 0,
        addresses=tuple(_addresses(fields.inner(raw, 'addresses'))),
        security_groups=tuple(fields.text(one, 'name') for one in groups),
        config_drive=raw.get('config_drive') in (True, 'True', 'true'),
        locked=raw.get('locked') is True,
        availability_zone=fields.text(raw, 'OS-EXT-AZ:availability_zone'),
        key_name=fields.text(raw, 'key_name'),
        created_at=fields.text(raw, 'created'),
        root_device=fields.text(raw, 'OS-EXT-SRV-ATTR:root_device_name'),
        metadata=fields.pairs(fields.inner(raw, 'metadata')),
        tags=fields.texts(raw, 'tags'),
        description=fields.text(raw, 'description'),
    )


def _addresses(networks: fields.Json) -> Iterator[resources.Address]:
    for network in networks:
        for one in fields.objects(networks, network):
            yield resources.Address(
                network,
                fields.text(one, 'addr'),
                fields.text(one, 'OS-EXT-IPS:type'),
                fields.text(one, 'OS-EXT-IPS-MAC:mac_addr'),
            )


@fields.reader('container')
def memberships(raw: fields.Json) -> list[tuple[str, secret_facts.Membership]]:
    """Read a container: the ID of each secret, and its role in it."""
    found = fields.objects(raw, 'secret_refs')
    return [
        (
            _last_part(fields.text(one, 'secret_ref')),
            secret_facts.Membership(
                _last_part(fields.text(raw, 'container_ref')),
                fields.text(raw, 'name'),
                fields.text(raw, 'type'),
                fields.text(one, 'name'),
                len(found),
            ),
        )
        for one in found
    ]


def _last_part(href: str) -> str:
    """Return the ID in a reference URL, whose host cannot be trusted."""
    return href.rstrip('/').rsplit('/', 1)[-1]


@fields.reader('secret')
def secret(raw: fields.Json) -> resources.Secret:
    """Read a secret's metadata; its ID is the end of ``secret_ref``."""
    return resources.Secret(
        id=_last_part(fields.text(raw, 'secret_ref')),
        name=fields.text(raw, 'name'),
        status=fields.text(raw, 'status'),
        secret_type=fields.text(raw, 'secret_type') or 'opaque',
        algorithm=fields.text(raw, 'algorithm'),
        bit_length=fields.number(raw, 'bit_length'),
        mode=fields.text(raw, 'mode'),
        content_type=fields.text(
            fields.inner(raw, 'content_types'), 'default'
        ),
        expires_at=fields.text(raw, 'expiration'),
        created_at=fields.text(raw, 'created'),
        creator_id=fields.text(raw, 'creator_id'),
    )


@fields.reader('list of metadata')
def user_metadata(raw: fields.Json) -> dict[str, str]:
    """Read the metadata that users gave a secret."""
    return fields.pairs(fields.inner(raw, 'metadata'))


@fields.reader('access list')
def acl(raw: fields.Json) -> secret_facts.Acl:
    """Read the access list of a secret; if never set, it is nearly empty."""
    found = fields.inner(raw, 'read')
    return secret_facts.Acl(
        users=fields.texts(found, 'users'),
        project_access=found.get('project-access') is not False,
    )


@fields.reader('application credential')
def expiry(answer: fields.Json) -> str:
    """Return when an application credential ends, ``''`` for never."""
    return fields.text(
        fields.inner(answer, 'application_credential'), 'expires_at'
    )


@fields.reader('status')
def state(raw: fields.Json) -> str:
    """Return a status, in lower case."""
    return fields.text(raw, 'status').lower()


@fields.reader('answer')
def made(answer: fields.Json, *path: str) -> str:
    """Return the ID in the response to a POST.

    :param path: the names of the objects around the ID, and its own name.
    """
    *outer, key = path
    for name in outer:
        answer = fields.inner(answer, name)
    id_ = fields.text(answer, key)
    ids.require(id_)
    return id_


@fields.reader('answer')
def reference(answer: fields.Json, name: str) -> str:
    """Return the URL of a resource of Barbican."""
    return fields.text(answer, name)


@fields.reader('answer')
def part(answer: fields.Json, name: str) -> fields.Json:
    """Return an object in a response, an empty one if it is missing."""
    return fields.inner(answer, name)


@fields.reader('list')
def rows(answer: fields.Json, name: str) -> Sequence[fields.Json]:
    """Return the objects of a list, or of a page of it."""
    return fields.objects(answer, name)


@fields.reader('page')
def has_more(answer: fields.Json) -> bool:
    """Return whether another page follows.

    Links are usually named ``<list>_links``; Cinder's ``volume_type_links``
    are not, so any name with that ending counts.
    """
    names = (name for name in answer if name.endswith('_links'))
    links = (one for name in names for one in fields.objects(answer, name))
    more = any(link.get('rel') == 'next' for link in links)
    return more or bool(answer.get('next'))


@fields.reader('list')
def total(answer: fields.Json) -> int:
    """Return the length of the list that this is a page of."""
    return fields.number(answer, 'total') or 0
