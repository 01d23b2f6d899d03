# SPDX-License-Identifier: Apache-2.0
"""What backups need of Nova: servers."""

from collections.abc import Iterator, Mapping
import dataclasses

from backupclient import errors
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.model import resources

MICROVERSION = '2.72'
"""2.9 shows locks, 2.26 tags, 2.47 the flavor; 2.45 answers createImage with
the ID."""


@dataclasses.dataclass(frozen=True, slots=True)
class Nova:
    """Servers."""

    service: services.Service

    def servers(self) -> Iterator[resources.Server]:
        """All servers of the project."""
        return map(
            records.server,
            self.service.pages(
                '/servers/detail', 'servers', 'list the servers'
            ),
        )

    def server(self, server_id: str) -> resources.Server | None:
        """One server, None when it is gone."""
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
        """Ask for an image of a server's root disk.

        :param metadata: become properties of the image.
        :returns: the image's ID.
        """
        answer = self.service.post(
            f'/servers/{server_id}/action',
            f'create an image of server {server_id}',
            {'createImage': {'name': name, 'metadata': dict(metadata)}},
        )
        return records.made(answer, 'image_id')

    def stop(self, server_id: str) -> None:
        """Ask a server to stop; wait for its status afterwards."""
        self._act(server_id, 'os-stop', 'stop')

    def start(self, server_id: str) -> None:
        """Ask a server to start; wait for its status afterwards."""
        self._act(server_id, 'os-start', 'start')

    def _act(self, server_id: str, action: str, verb: str) -> None:
        self.service.post(
            f'/servers/{server_id}/action',
            f'{verb} server {server_id}',
            {action: None},
        )
