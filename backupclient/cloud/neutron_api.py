# SPDX-License-Identifier: Apache-2.0
"""Requests to Neutron for restores: networks and security groups."""

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
        """Yield all networks that servers of a project may use.

        The result is filtered here, because Neutron lists the networks of all
        projects to administrators.
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
        """Yield all security groups of a project."""
        rows = self._list('security-groups', 'security_groups')
        return (
            _named(row)
            for row in rows
            if fields.text(row, 'project_id') == project_id
        )

    def _list(self, path: str, key: str, *more: str) -> Iterator[fields.Json]:
        """Yield the rows of a list, with only the fields that are needed."""
        return self.service.pages(
            f'/{path}',
            key,
            f'list the {path.replace("-", " ")}',
            fields=['id', 'name', 'project_id', *more],
        )


@fields.reader('network or security group')
def _named(raw: fields.Json) -> on_offer.Named:
    return on_offer.Named(fields.text(raw, 'id'), fields.text(raw, 'name'))
