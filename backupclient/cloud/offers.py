# SPDX-License-Identifier: Apache-2.0
"""Read what the cloud offers for new resources: types, zones, flavors, ...

The lists are read in parallel. If a list cannot be read, only its values are
missing, and the plan says what it cannot check.
"""

from collections.abc import Callable, Iterator
from typing import Any

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import fields
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.cloud import side_by_side
from backupclient.model import on_offer


def read(cloud: door.Cloud) -> on_offer.Offers:
    """Read volume types, zones, flavors, key pairs, networks and groups.

    :returns: the lists, and under ``unread`` why others are missing. Whether
        a volume type encrypts is unknown: Cinder shows it to administrators
        only.
    """
    readers: dict[str, Callable[[], Any]] = {}
    unread: dict[str, str] = {}
    for service, of_service, name in _SERVICES:
        lists = of_service(cloud)
        if service in cloud.services:
            readers |= lists
        else:
            why = f'The catalogue of the cloud has no {name}.'
            unread |= dict.fromkeys(lists, why)
    found = side_by_side.read(
        {name: side_by_side.whole(each) for name, each in readers.items()}
    )
    unread |= {
        name: str(answer)
        for name, answer in found.items()
        if isinstance(answer, errors.CloudError)
    }
    known: dict[str, Any] = {
        name: found[name] for name in found if name not in unread
    }
    return on_offer.Offers(**known, unread=unread)


def _of_cinder(cloud: door.Cloud) -> dict[str, Callable[[], Any]]:
    service = cloud.cinder.service
    return {
        'volume_types': lambda: tuple(_volume_types(service)),
        'default_type': lambda: _default_type(service),
        'zones': lambda: frozenset(_zones(service, 'of volumes')),
    }


def _of_nova(cloud: door.Cloud) -> dict[str, Callable[[], Any]]:
    service = cloud.nova.service
    return {
        'flavors': lambda: tuple(_flavors(service)),
        'server_zones': lambda: frozenset(_zones(service, 'of servers')),
        'key_pairs': lambda: frozenset(_key_pairs(service)),
    }


def _of_neutron(cloud: door.Cloud) -> dict[str, Callable[[], Any]]:
    neutron, project_id = cloud.neutron, cloud.identity.project_id
    return {
        'networks': lambda: tuple(neutron.networks(project_id)),
        'security_groups': lambda: tuple(neutron.security_groups(project_id)),
    }


_SERVICES = (
    ('block-storage', _of_cinder, 'block storage (Cinder)'),
    ('compute', _of_nova, 'compute (Nova)'),
    ('network', _of_neutron, 'network service (Neutron)'),
)


def _volume_types(service: services.Service) -> Iterator[on_offer.VolumeType]:
    rows = service.pages('/types', 'volume_types', 'list the volume types')
    return map(_volume_type, rows)


@fields.reader('volume type')
def _volume_type(raw: fields.Json) -> on_offer.VolumeType:
    return on_offer.VolumeType(
        fields.text(raw, 'id'), fields.text(raw, 'name')
    )


def _default_type(service: services.Service) -> str:
    """Return the name of the default volume type, ``''`` without one."""
    try:
        body = service.get('/types/default', 'read the default volume type')
    except (errors.Forbidden, errors.NotFound):
        return ''
    return _volume_type(records.part(body, 'volume_type')).name


def _zones(service: services.Service, whose: str) -> Iterator[str]:
    """Yield the names of the available zones.

    Cinder and Nova have the same format.
    """
    what = f'list the availability zones {whose}'
    body = service.get('/os-availability-zone', what)
    for row in records.rows(body, 'availabilityZoneInfo'):
        if records.part(row, 'zoneState').get('available') is not False:
            yield fields.text(row, 'zoneName')


def _flavors(service: services.Service) -> Iterator[on_offer.Flavor]:
    rows = service.pages('/flavors/detail', 'flavors', 'list the flavors')
    return map(_flavor, rows)


@fields.reader('flavor')
def _flavor(raw: fields.Json) -> on_offer.Flavor:
    """Read a flavor; older Nova releases write "no swap" as ``''``."""
    return on_offer.Flavor(
        id=fields.text(raw, 'id'),
        name=fields.text(raw, 'name'),
        vcpus=fields.number(raw, 'vcpus') or 0,
        ram_mib=fields.number(raw, 'ram') or 0,
        disk_gib=fields.number(raw, 'disk') or 0,
        ephemeral_gib=fields.number(raw, 'OS-FLV-EXT-DATA:ephemeral') or 0,
        swap_mib=fields.number(raw, 'swap') or 0,
    )


def _key_pairs(service: services.Service) -> Iterator[str]:
    """Yield the names of the user's key pairs.

    Key pairs have no IDs, so the page marker is a name.
    """
    marker: dict[str, str] = {}
    while True:
        body = service.get(
            '/os-keypairs',
            'list the key pairs',
            limit=services.PAGE,
            **marker,
        )
        names = [
            fields.text(records.part(row, 'keypair'), 'name')
            for row in records.rows(body, 'keypairs')
        ]
        yield from names
        more = records.rows(body, 'keypairs_links')
        if not (names and more) or marker == {'marker': names[-1]}:
            return
        marker = {'marker': names[-1]}
