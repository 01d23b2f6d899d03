# SPDX-License-Identifier: Apache-2.0
"""One read of what the cloud offers."""

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import fields
from backupclient.cloud import records
from backupclient.model import offers


def read(cloud: door.Cloud) -> offers.Offers:
    """Read it."""
    cinder, nova = cloud.cinder.service, cloud.nova.service
    types = records.rows(cinder.get('/types', 'list types'), 'volume_types')
    flavors = records.rows(
        nova.get('/flavors/detail', 'list flavors'), 'flavors'
    )
    try:
        zones = records.rows(
            cinder.get('/os-availability-zone', 'z'), 'availabilityZoneInfo'
        )
    except errors.CloudError:
        zones = []
    return offers.Offers(
        volume_types=tuple(
            offers.VolumeType(fields.text(t, 'id'), fields.text(t, 'name'))
            for t in types
        ),
        zones=frozenset(fields.text(z, 'zoneName') for z in zones),
        flavors=tuple(
            offers.Flavor(
                fields.text(f, 'id'),
                fields.text(f, 'name'),
                fields.number(f, 'vcpus') or 0,
                fields.number(f, 'ram') or 0,
                fields.number(f, 'disk') or 0,
            )
            for f in flavors
        ),
        server_zones=frozenset({'nova'}),
        key_pairs=frozenset(),
        networks=(),
        security_groups=(),
    )
