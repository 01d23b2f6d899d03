# SPDX-License-Identifier: Apache-2.0
"""Networks and security groups, as Neutron lists them."""

from typing import Any

from backupclient.tests.unit.fake_cloud import offers
from backupclient.tests.unit.fake_cloud import service
from backupclient.tests.unit.fake_cloud import wire
from backupclient.tests.unit.fake_cloud import worlds


class Neutron(service.Service):
    """Networks and security groups of all projects.

    An administrator's list has them all.
    """

    prefix = '/v2.0'

    def __init__(self, world: worlds.World) -> None:
        super().__init__(world)
        self.networks: list[dict[str, Any]] = []
        self.groups: list[dict[str, Any]] = []

    def add_network(self, name: str, **fields: Any) -> str:
        """Make a network; give its ID."""
        row = {'shared': False, 'router:external': False} | fields
        return _add(self.networks, f'n-{len(self.networks)}', name, row)

    def add_group(self, name: str, **fields: Any) -> str:
        """Make a security group; give its ID."""
        return _add(self.groups, f's-{len(self.groups)}', name, fields)

    @service.route('GET', '/networks')
    def _networks(self, request: wire.Request) -> wire.Answer:
        return offers.page(
            self, request, 'networks', 'networks', self.networks
        )

    @service.route('GET', '/security-groups')
    def _groups(self, request: wire.Request) -> wire.Answer:
        key = 'security_groups'
        return offers.page(self, request, key, key, self.groups)


def _add(
    rows: list[dict[str, Any]], id_: str, name: str, fields: dict[str, Any]
) -> str:
    row = {'id': id_, 'name': name, 'project_id': worlds.PROJECT}
    rows.append(row | fields)
    return id_
