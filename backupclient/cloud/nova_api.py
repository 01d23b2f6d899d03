# SPDX-License-Identifier: Apache-2.0
"""Requests to Nova: servers."""

from collections.abc import Iterator, Mapping
import dataclasses

from backupclient import errors
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.model import resources

MICROVERSION = '2.72'
"""2.9 shows locks, 2.26 tags, 2.47 the flavor; since 2.45 createImage returns
the image's ID in the body."""


@dataclasses.dataclass(frozen=True, slots=True)
class Nova:
    """Servers."""

    service: services.Service

    def servers(self) -> Iterator[resources.Server]:
        """Yield all servers of the project."""
        return map(
            records.server,
            self.service.pages(
                '/servers/detail', 'servers', 'list the servers'
            ),
        )

    def server(self, server_id: str) -> resources.Server | None:
        """Return a server, None if it does not exist."""
        try:
            body = self.service.get(
                f'/servers/{server_id}', f'read server {server_id}'
            )
        except errors.NotFound:
            return None
        return records.server(records.part(body, 'server'))

    def create_image(
        self, server_id: str, name: str, metadata: Mapping[str, str]
    ) -> str:
        """Request an image of a server's root disk.

        :param metadata: set as properties of the image.
        :returns: the image's ID.
        """
        answer = self.service.post(
            f'/servers/{server_id}/action',
            f'create an image of server {server_id}',
            {'createImage': {'name': name, 'metadata': dict(metadata)}},
        )
        return records.made(answer, 'image_id')

    def stop(self, server_id: str) -> None:
        """Request a server's stop; the caller waits for its status."""
        self._act(server_id, 'os-stop', 'stop')

    def start(self, server_id: str) -> None:
        """Request a server's start; the caller waits for its status."""
        self._act(server_id, 'os-start', 'start')

    def _act(self, server_id: str, action: str, verb: str) -> None:
        self.service.post(
            f'/servers/{server_id}/action',
            f'{verb} server {server_id}',
            {action: None},
        )
