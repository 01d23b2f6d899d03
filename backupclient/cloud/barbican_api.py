# SPDX-License-Identifier: Apache-2.0
"""Read secrets and containers from Barbican."""

from collections.abc import Iterator
import dataclasses

from backupclient import errors
from backupclient.cloud import fields
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.model import resources
from backupclient.model import secret_facts

_PAGE = 100
"""The largest page that Barbican returns by default (its default is 10)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Barbican:
    """Secrets."""

    service: services.Service

    def secrets(self) -> Iterator[resources.Secret]:
        """Yield all secrets of the project, without their payloads."""
        containers: dict[str, list[secret_facts.Membership]] = {}
        for raw in self._pages('containers'):
            for secret_id, membership in records.memberships(raw):
                containers.setdefault(secret_id, []).append(membership)
        seen: set[str] = set()
        for secret in map(records.secret, self._pages('secrets')):
            # Pages by offset overlap when secrets are created or deleted
            # while the list is read.
            if secret.id not in seen:
                seen.add(secret.id)
                yield dataclasses.replace(
                    secret, containers=tuple(containers.get(secret.id, ()))
                )

    def named(self, name: str) -> Iterator[resources.Secret]:
        """Yield the secrets with a name, without their containers.

        :param name: ``''`` for all secrets.
        """
        query = {'name': name} if name else {}
        yield from map(records.secret, self._pages('secrets', **query))

    def containers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the ID of each container, and the IDs of its secrets.

        Empty containers are left out.
        """
        for raw in self._pages('containers'):
            found = records.memberships(raw)
            if found:
                container_id = found[0][1].container_id
                yield container_id, tuple(id_ for id_, _ in found)

    def address(self, secret_id: str) -> str:
        """Return the URL of a secret, as Barbican itself writes it."""
        path, what = f'/secrets/{secret_id}', f'read secret {secret_id}'
        return records.reference(self.service.get(path, what), 'secret_ref')

    def _pages(self, noun: str, **query: str) -> Iterator[fields.Json]:
        """Yield the rows of a list, read in pages by offset.

        The ``next`` link of the answer is an absolute URL whose host is
        often wrong, and no token is sent to a host that a response names.
        """
        offset, total = 0, 1
        while offset < total:
            body = self.service.get(
                f'/{noun}',
                f'list the {noun}',
                limit=_PAGE,
                offset=offset,
                sort='created',
                **query,
            )
            rows = records.rows(body, noun)
            yield from rows
            total = records.total(body) if rows else 0
            # A page can be smaller than _PAGE: operators can lower the limit.
            offset += len(rows)

    def secret(self, secret_id: str) -> resources.Secret | None:
        """Return a secret without its payload, None if there is no such ID."""
        path, what = f'/secrets/{secret_id}', f'read secret {secret_id}'
        try:
            return records.secret(self.service.get(path, what))
        except errors.NotFound:
            return None

    def metadata(self, secret_id: str) -> dict[str, str]:
        """Return the metadata that users gave a secret."""
        path = f'/secrets/{secret_id}/metadata'
        what = f'read the metadata of secret {secret_id}'
        return records.user_metadata(self.service.get(path, what))

    def acl(self, secret_id: str) -> secret_facts.Acl:
        """Return the access list of a secret."""
        path = f'/secrets/{secret_id}/acl'
        what = f'read the access list of secret {secret_id}'
        return records.acl(self.service.get(path, what))

    def payload(self, secret_id: str) -> bytes:
        """Return the payload of a secret, as Barbican stores it.

        The request accepts octets, which every type of secret has, and
        disables logging: keystoneauth writes text responses to the debug log.
        """
        answer = self.service.repeat(
            'GET',
            f'/secrets/{secret_id}/payload',
            f'read the payload of secret {secret_id}',
            headers={'Accept': 'application/octet-stream'},
            log=False,
        )
        return bytes(answer.content)
