# SPDX-License-Identifier: Apache-2.0
"""Requests to Cinder: volumes, snapshots, backups, quotas."""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses

from backupclient import errors
from backupclient.cloud import fields
from backupclient.cloud import quotas
from backupclient.cloud import records
from backupclient.cloud import services
from backupclient.cloud import waiting
from backupclient.model import inventories
from backupclient.model import resources

MICROVERSION = '3.65'
"""3.64 shows the keys of encrypted volumes, 3.65 ``consumes_quota``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cinder:
    """Volumes, their snapshots and backups, and quotas."""

    service: services.Service

    def volumes(self, **query: str) -> Iterator[resources.Volume]:
        """Yield all volumes of the project, or those that match a query."""
        return map(records.volume, self._list('volumes', **query))

    def snapshots(self, **query: str) -> Iterator[resources.Snapshot]:
        """Yield all snapshots of the project, or those that match a query."""
        return map(records.snapshot, self._list('snapshots', **query))

    def backups(self, **query: str) -> Iterator[resources.CinderBackup]:
        """Yield all backups of the project, or those that match a query."""
        return map(records.backup, self._list('backups', **query))

    def quotas(self, project_id: str) -> dict[str, inventories.Quota]:
        """Return limits and their use by name, including each volume type's.

        If the policy hides the quota set, return the values of
        ``GET /limits``, which has no limits for volume types.
        """
        try:
            body = self.service.get(
                f'/os-quota-sets/{project_id}', 'read the quota', usage=True
            )
        except (errors.Forbidden, errors.NotFound):
            return self._limits()
        return quotas.of_quota_set(body)

    def _limits(self) -> dict[str, inventories.Quota]:
        return quotas.of_limits(self.service.get('/limits', 'read the limits'))

    def volume(self, volume_id: str) -> resources.Volume | None:
        """Return a volume, None if it does not exist."""
        raw = self._show('volume', volume_id)
        return records.volume(raw) if raw else None

    def volume_state(self, volume_id: str) -> str:
        """Return the status of a volume, GONE if it does not exist."""
        return _state(self._show('volume', volume_id))

    def snapshot_state(self, snapshot_id: str) -> str:
        """Return the status of a snapshot, GONE if it does not exist."""
        return _state(self._show('snapshot', snapshot_id))

    def backup_state(self, backup_id: str) -> str:
        """Return the status of a backup, GONE if it does not exist."""
        return _state(self._show('backup', backup_id))

    def snapshot(self, snapshot_id: str) -> resources.Snapshot | None:
        """Return a snapshot, None if it does not exist."""
        raw = self._show('snapshot', snapshot_id)
        return records.snapshot(raw) if raw else None

    def backup(self, backup_id: str) -> resources.CinderBackup | None:
        """Return a backup, None if it does not exist."""
        raw = self._show('backup', backup_id)
        return records.backup(raw) if raw else None

    def backup_is_served(self, backup_id: str) -> bool:
        """Return whether a backup service has started to work on a backup.

        ``cinder/backup/manager.py:create_backup`` first sets the service's
        zone on the backup; the drivers then set the container for the data.
        """
        raw = self._show('backup', backup_id) or {}
        return bool(raw.get('availability_zone') or raw.get('container'))

    def backup_failure(self, backup_id: str) -> str:
        """Return Cinder's reason why a backup failed, or ``''``."""
        raw = self._show('backup', backup_id) or {}
        return str(raw.get('fail_reason') or '')

    def find_volume(self, name: str, tags: Mapping[str, str]) -> str | None:
        """Return the ID of the volume with that name and these metadata."""
        return _tagged(self.volumes(name=name), tags)

    def find_snapshot(
        self, volume_id: str, tags: Mapping[str, str]
    ) -> str | None:
        """Return the ID of the volume's snapshot with these metadata."""
        return _tagged(self.snapshots(volume_id=volume_id), tags)

    def find_backup(
        self, volume_id: str, tags: Mapping[str, str]
    ) -> str | None:
        """Return the ID of the volume's backup with these metadata."""
        return _tagged(self.backups(volume_id=volume_id), tags)

    def create_snapshot(
        self, volume_id: str, name: str, metadata: Mapping[str, str]
    ) -> str:
        """Request a snapshot; the volume may be in use.

        ``force`` true works at every microversion; false is refused from
        3.66 on (``cinder/api/v3/snapshots.py:create``).

        :returns: the snapshot's ID.
        """
        body = {
            'volume_id': volume_id,
            'name': name,
            'force': True,
            'metadata': dict(metadata),
        }
        what = f'create a snapshot of volume {volume_id}'
        answer = self.service.post('/snapshots', what, {'snapshot': body})
        return records.made(answer, 'snapshot', 'id')

    def create_volume(
        self, snapshot_id: str, name: str, metadata: Mapping[str, str]
    ) -> str:
        """Request a volume with the content of a snapshot.

        The request leaves out size, type and zone: Cinder then takes those
        of the snapshot.

        :returns: the volume's ID.
        """
        body = {
            'snapshot_id': snapshot_id,
            'name': name,
            'metadata': dict(metadata),
        }
        what = f'create a volume from snapshot {snapshot_id}'
        answer = self.service.post('/volumes', what, {'volume': body})
        return records.made(answer, 'volume', 'id')

    def create_image(self, volume_id: str, name: str) -> str:
        """Request an image with the content of a detached volume.

        :returns: the image's ID.
        """
        body = {
            'image_name': name,
            'disk_format': 'raw',
            'container_format': 'bare',
            'visibility': 'private',
        }
        answer = self.service.post(
            f'/volumes/{volume_id}/action',
            f'upload volume {volume_id} to an image',
            {'os-volume_upload_image': body},
        )
        return records.made(answer, 'os-volume_upload_image', 'image_id')

    def create_backup(
        self,
        volume_id: str,
        name: str,
        metadata: Mapping[str, str],
        *,
        description: str,
        incremental: bool,
        in_use: bool,
    ) -> str:
        """Request a backup.

        :param in_use: whether the volume is attached; sent as ``force``.
        :returns: the backup's ID.
        """
        body = {
            'volume_id': volume_id,
            'name': name,
            'description': description,
            'metadata': dict(metadata),
            'incremental': incremental,
            'force': in_use,
        }
        what = f'create a backup of volume {volume_id}'
        answer = self.service.post('/backups', what, {'backup': body})
        return records.made(answer, 'backup', 'id')

    def delete_volume(self, volume_id: str) -> None:
        """Request a volume's deletion; the caller waits for GONE."""
        self._delete('volume', volume_id)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Request a snapshot's deletion; the caller waits for GONE.

        Cinder sets a busy snapshot back to ``available``.
        """
        self._delete('snapshot', snapshot_id)

    def delete_backup(self, backup_id: str) -> None:
        """Request a backup's deletion; the caller waits for GONE.

        :raises CloudError: if no backup service answers. Cinder returns 404
            in this case too, as for a backup that does not exist.
        """
        try:
            self.service.repeat(
                'DELETE', f'/backups/{backup_id}', f'delete backup {backup_id}'
            )
        except errors.NotFound as exc:
            if self.backup_state(backup_id) != waiting.GONE:
                raise errors.CloudError(
                    f'Backup {backup_id} cannot be deleted while no backup '
                    'service of the cloud answers: delete it later.',
                    exc.status,
                ) from exc

    def last_message(self, resource_id: str) -> str:
        """Return Cinder's last message about a resource, or ``''``."""
        try:
            body = self.service.get(
                '/messages',
                f'read the messages about {resource_id}',
                resource_uuid=resource_id,
                sort='created_at:desc',
                limit=1,
            )
            rows = records.rows(body, 'messages')
        except errors.CloudError:
            return ''
        return str(rows[0].get('user_message') or '') if rows else ''

    def _list(self, noun: str, **query: str) -> Iterator[fields.Json]:
        path, what = f'/{noun}/detail', f'list the {noun}'
        return self.service.pages(path, noun, what, **query)

    def _show(self, noun: str, id_: str) -> fields.Json | None:
        try:
            body = self.service.get(f'/{noun}s/{id_}', f'read {noun} {id_}')
        except errors.NotFound:
            return None
        return records.part(body, noun)

    def _delete(self, noun: str, id_: str) -> None:
        self.service.delete(f'/{noun}s/{id_}', f'delete {noun} {id_}')


def _state(raw: fields.Json | None) -> str:
    return records.state(raw) if raw else waiting.GONE


def _tagged(
    found: Iterable[
        resources.Volume | resources.Snapshot | resources.CinderBackup
    ],
    tags: Mapping[str, str],
) -> str | None:
    """Return the ID of the first resource with these metadata."""
    return next(
        (one.id for one in found if tags.items() <= one.metadata.items()),
        None,
    )
