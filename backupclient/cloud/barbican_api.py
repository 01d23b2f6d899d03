# SPDX-License-Identifier: Apache-2.0
"""What backups need of Barbican: secrets."""

from collections.abc import Iterator
import dataclasses

from backupclient import errors
from backupclient.cloud import fields
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.model import resources
from backupclient.model import secret_facts

_PAGE = 100
"""The most that Barbican gives at once (the default is 10)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Barbican:
    """Secrets."""

    service: services.Service

    def secrets(self) -> Iterator[resources.Secret]:
        """All secrets of the project, their metadata only."""
        containers: dict[str, list[secret_facts.Membership]] = {}
        for raw in self._pages('containers'):
            for secret_id, membership in records.memberships(raw):
                containers.setdefault(secret_id, []).append(membership)
        seen: set[str] = set()
        for secret in map(records.secret, self._pages('secrets')):
            # Pages by offset overlap when secrets come and go meanwhile.
            if secret.id not in seen:
                seen.add(secret.id)
                yield dataclasses.replace(
                    secret, containers=tuple(containers.get(secret.id, ()))
                )

    def named(self, name: str) -> Iterator[resources.Secret]:
        """The secrets of a name, without their containers; ``''``: all."""
        query = {'name': name} if name else {}
        yield from map(records.secret, self._pages('secrets', **query))

    def containers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """All containers of the project: the ID, and those of its secrets."""
        for raw in self._pages('containers'):
            found = records.memberships(raw)
            if found:
                container_id = found[0][1].container_id
                yield container_id, tuple(id_ for id_, _ in found)

    def address(self, secret_id: str) -> str:
        """The address of a secret, as Barbican itself writes it."""
        path, what = f'/secrets/{secret_id}', f'read secret {secret_id}'
        return records.reference(self.service.get(path, what), 'secret_ref')

    def _pages(self, noun: str, **query: str) -> Iterator[fields.Json]:
        """Read a list by offset.

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
            # Fewer than were asked for, where its operator says so.
            offset += len(rows)

    def secret(self, secret_id: str) -> resources.Secret | None:
        """A secret's metadata, None when there is none with that ID."""
        path, what = f'/secrets/{secret_id}', f'read secret {secret_id}'
        try:
            return records.secret(self.service.get(path, what))
        except errors.NotFound:
            return None

    def metadata(self, secret_id: str) -> dict[str, str]:
        """The metadata that users gave a secret."""
        path = f'/secrets/{secret_id}/metadata'
        what = f'read the metadata of secret {secret_id}'
        return records.user_metadata(self.service.get(path, what))

    def acl(self, secret_id: str) -> secret_facts.Acl:
        """Who may read a secret."""
        path = f'/secrets/{secret_id}/acl'
        what = f'read the access list of secret {secret_id}'
        return records.acl(self.service.get(path, what))

    def payload(self, secret_id: str) -> bytes:
        """The bytes of a secret, as Barbican holds them.

        Asked for as octets, which every type of secret has, and without a
        log: keystoneauth writes answers that are text to the debug log.
        """
        answer = self.service.repeat(
            'GET',
            f'/secrets/{secret_id}/payload',
            f'read the payload of secret {secret_id}',
            headers={'Accept': 'application/octet-stream'},
            log=False,
        )
        return bytes(answer.content)
