# SPDX-License-Identifier: Apache-2.0
"""What restores need of Neutron: networks and security groups by name."""

from collections.abc import Iterator
import dataclasses

from backupclient.cloud import fields
from backupclient.cloud import services
from backupclient.model import on_offer

_EXTERNAL = 'router:external'


@dataclasses.dataclass(frozen=True, slots=True)
class Neutron:
    """Networks and security groups."""

    service: services.Service

    def networks(self, project_id: str) -> Iterator[on_offer.Named]:
        """All networks that servers of a project may use.

        To administrators Neutron lists those of all projects.
        """
        rows = self._list('networks', 'networks', 'shared', _EXTERNAL)
        return (
            _named(row)
            for row in rows
            if fields.text(row, 'project_id') == project_id
            or row.get('shared')
            or row.get(_EXTERNAL)
        )

    def security_groups(self, project_id: str) -> Iterator[on_offer.Named]:
        """All security groups of a project."""
        rows = self._list('security-groups', 'security_groups')
        return (
            _named(row)
            for row in rows
            if fields.text(row, 'project_id') == project_id
        )

    def _list(self, path: str, key: str, *more: str) -> Iterator[fields.Json]:
        """List things with a few of their fields: they have many."""
        return self.service.pages(
            f'/{path}',
            key,
            f'list the {path.replace("-", " ")}',
            fields=['id', 'name', 'project_id', *more],
        )


@fields.reader('network or security group')
def _named(raw: fields.Json) -> on_offer.Named:
    return on_offer.Named(fields.text(raw, 'id'), fields.text(raw, 'name'))
