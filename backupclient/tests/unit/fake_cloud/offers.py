# SPDX-License-Identifier: Apache-2.0
"""What Cinder and Nova offer to build resources of."""

from typing import Any

from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds


class OfCinder(service.Service):
    """Volume types and zones.

    :param default_type: its name, ``''`` for none.
    :param zones: by name, whether it is available.
    """

    def __init__(self, world: worlds.World) -> None:
        super().__init__(world)
        self.types = {'fast': 't-1', 'luks': 't-2'}
        self.default_type = 'fast'
        self.zones = {'nova': True}

    @service.route('GET', '/types')
    def _types(self, request: wire.Request) -> wire.Answer:
        rows = [{'id': id_, 'name': name} for name, id_ in self.types.items()]
        return page(self, request, 'volume_types', 'volume_type', rows)

    @service.route('GET', '/types/default')
    def _default(self, _: wire.Request) -> wire.Answer:
        name = self.default_type
        if not name:
            raise wire.Refusal(404, 'Default volume type can not be found.')
        row = {'id': self.types[name], 'name': name}
        return wire.Answer(json={'volume_type': row})

    @service.route('GET', '/os-availability-zone')
    def _zones(self, _: wire.Request) -> wire.Answer:
        return _zone_list(self.zones)


class OfNova(service.Service):
    """Flavors, key pairs and zones.

    :param flavors: as the API shows them.
    """

    def __init__(self, world: worlds.World) -> None:
        super().__init__(world)
        self.flavors = [
            {
                'id': 'f-1',
                'name': 'm1.small',
                'vcpus': 1,
                'ram': 512,
                'disk': 1,
                'OS-FLV-EXT-DATA:ephemeral': 0,
                'swap': '',
            }
        ]
        self.key_pairs: list[str] = []
        self.zones = {'nova': True}

    @service.route('GET', '/flavors/detail')
    def _flavors(self, request: wire.Request) -> wire.Answer:
        return page(self, request, 'flavors', 'flavors', self.flavors)

    @service.route('GET', '/os-keypairs')
    def _key_pairs(self, request: wire.Request) -> wire.Answer:
        rows = [{'id': name, 'name': name} for name in self.key_pairs]
        answer = page(self, request, 'keypairs', 'keypairs', rows)
        named = [
            {'keypair': {'name': row['name'], 'fingerprint': 'f0'}}
            for row in answer.json['keypairs']
        ]
        answer.json['keypairs'] = named
        return answer

    @service.route('GET', '/os-availability-zone')
    def _zones(self, _: wire.Request) -> wire.Answer:
        return _zone_list(self.zones)


def _zone_list(zones: dict[str, bool]) -> wire.Answer:
    rows = [
        {'zoneName': name, 'zoneState': {'available': there}, 'hosts': None}
        for name, there in zones.items()
    ]
    return wire.Answer(json={'availabilityZoneInfo': rows})


def page(
    of: service.Service,
    request: wire.Request,
    key: str,
    link: str,
    rows: list[dict[str, Any]],
) -> wire.Answer:
    """Give a page of a list."""
    ids = [row['id'] for row in rows]
    marker = request.query.get('marker')
    start = ids.index(marker) + 1 if marker else 0
    size = min(of.page, int(request.query.get('limit', of.page)))
    body: dict[str, Any] = {key: rows[start : start + size]}
    if start + size < len(rows):
        href = f'{service.WRONG_HOST}{request.path}'
        body[f'{link}_links'] = [{'rel': 'next', 'href': href}]
    return wire.Answer(json=body)
