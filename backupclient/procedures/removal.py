# SPDX-License-Identifier: Apache-2.0
"""Deleting resources that the run made: request, wait, request again.

Cinder may accept a deletion and not carry it out: a snapshot that is busy
goes back to ``available`` (``cinder/volume/manager.py:delete_snapshot``), and
a resource that is still being created cannot be deleted yet.

A resource without the tag or the name of the run is never deleted: the IDs
come from a journal, which someone may have edited. So each deletion gets the
ID of the run whose resources it may delete, and no value means "any run".
"""

from collections.abc import Callable, Iterable, Mapping
import dataclasses
from typing import TypeVar

from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import new_secrets
from backupclient.cloud import new_servers
from backupclient.cloud import waiting
from backupclient.model import resources
from backupclient.model import tags
from backupclient.procedures import interim
from backupclient.procedures import step

DEADLINE = 1800.0
"""Seconds until a deletion counts as failed. Deletions are quick."""

_DELETABLE = frozenset(
    {
        'available',
        'error',
        'error_restoring',
        'error_extending',
        'error_managing',
    }
)
_Made = TypeVar('_Made', interim.Backup, interim.Restore)
_Thing = resources.Volume | resources.Snapshot | resources.CinderBackup
_IMAGE_GONE = frozenset({waiting.GONE, 'deleted', 'pending_delete'})


def afterwards(
    work: step.Work,
    made: _Made,
    what: str,
    remove: Callable[[], None],
) -> _Made:
    """Delete a temporary resource that is no longer needed.

    Interruption is deferred until it is gone. If the deletion fails, the item
    does not fail: a note names the resource that stays.

    :param what: the resource, for the note: its kind and ID.
    :returns: ``made``, with the note if there is one.
    :raises DocumentError: if the resource was not made by this run.
    :raises LoginEnded: if the login has ended; a resume deletes it then.
    """
    with work.clock.stop.shielded():
        try:
            remove()
        except (errors.DocumentError, errors.LoginEnded):
            raise
        except errors.BackupError as exc:
            return dataclasses.replace(
                made, notes=(*made.notes, left_over(what, exc))
            )
    return made


def left_over(what: str, exc: errors.BackupError) -> str:
    """Return the note that a temporary resource could not be deleted."""
    return f'The temporary {what} is still there, delete it: {exc}'


@dataclasses.dataclass(frozen=True, slots=True)
class Remover:
    """Deletes resources of one run only.

    All methods return at once if the resource does not exist.

    :param owner: the ID of this run. A text that is not a run's ID is
        refused: it could match the resources of every run.
    :raises ValueError: if ``owner`` is not a run's ID.
    """

    cloud: door.Cloud
    waiter: waiting.Waiter
    owner: str

    def __post_init__(self) -> None:
        tags.require_run_id(self.owner)

    def volume(self, volume_id: str) -> None:
        """Delete a volume and wait until it is gone."""
        cinder = self.cloud.cinder
        self._remove(
            f'volume {volume_id}',
            lambda: cinder.volume(volume_id),
            lambda: cinder.delete_volume(volume_id),
        )

    def snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot and wait until it is gone."""
        cinder = self.cloud.cinder
        self._remove(
            f'snapshot {snapshot_id}',
            lambda: cinder.snapshot(snapshot_id),
            lambda: cinder.delete_snapshot(snapshot_id),
        )

    def backup(self, backup_id: str) -> None:
        """Delete a backup and wait until it is gone."""
        cinder = self.cloud.cinder
        self._remove(
            f'backup {backup_id}',
            lambda: cinder.backup(backup_id),
            lambda: cinder.delete_backup(backup_id),
        )

    def server(self, server_id: str) -> None:
        """Delete a server and wait until it is gone; its volumes stay."""
        nova = self.cloud.nova
        found = nova.server(server_id)
        if found is None:
            return
        self.require_own(f'server {server_id}', found.name, found.metadata)
        new_servers.delete(nova, server_id)
        self.waiter.until(
            {waiting.GONE},
            lambda: new_servers.state(nova.server(server_id), waiting.GONE),
            f'server {server_id}',
            timeout=DEADLINE,
        )

    def secret(self, secret_id: str) -> None:
        """Delete a secret that nothing depends on.

        :raises BackupError: if a volume, a backup or an image needs it.
        """
        barbican = self.cloud.barbican
        found = barbican.secret(secret_id)
        if found is None:
            return
        self.require_own(
            f'secret {secret_id}', found.name, barbican.metadata(secret_id)
        )
        user = self._user(secret_id)
        if user:
            raise errors.BackupError(
                f'Secret {secret_id} is the key of {user}, and is kept.'
            )
        new_secrets.delete(barbican, secret_id)

    def _user(self, secret_id: str) -> str:
        """Return the label of a resource that needs a key, else ``''``."""
        project_id = self.cloud.identity.project_id
        every: Iterable[resources.Volume | resources.Image]
        for every in (
            self.cloud.cinder.volumes(),
            self.cloud.glance.images(project_id),
        ):
            for one in every:
                if one.key_id == secret_id:
                    return one.resource.label
        for backup in self.cloud.cinder.backups():
            if backup.key_id == secret_id:
                return f'backup {backup.id}'
        return ''

    def image(self, image_id: str) -> None:
        """Delete an image, in whatever state, and wait until it is gone."""
        glance = self.cloud.glance
        found = glance.image(image_id)
        if found is None:
            return
        own = tags.own(found.id, found.name, found.properties)
        self.require_own(f'image {image_id}', found.name, own)
        glance.delete(image_id)
        self.waiter.until(
            _IMAGE_GONE,
            lambda: glance.state(image_id),
            f'image {image_id}',
            timeout=DEADLINE,
        )

    def require_own(
        self, what: str, name: str, metadata: Mapping[str, str]
    ) -> None:
        """Raise DocumentError if a resource was not made by the owner.

        :param what: the resource, for the message: its kind and ID.
        :param metadata: its metadata, or its properties if it is an image.
        :raises DocumentError: if neither tags nor name are of this run.
        """
        if not tags.made_by(self.owner, name, metadata):
            raise errors.DocumentError(
                f'{what} was not made by run {self.owner}, and is left alone: '
                'it has neither the tags nor the name of that run. Delete it '
                'yourself if nobody needs it.'
            )

    def _remove(
        self,
        what: str,
        find: Callable[[], _Thing | None],
        delete: Callable[[], None],
    ) -> None:
        def ask_again() -> str:
            found = find()
            if found is None:
                return waiting.GONE
            self.require_own(what, found.name, found.metadata)
            now = found.status.lower()
            if now in _DELETABLE:
                try:
                    delete()
                except errors.CloudError as exc:
                    # A dependent resource still exists, so try again until
                    # the deadline.
                    if exc.status not in (400, 409):
                        raise
            return now

        self.waiter.until(
            {waiting.GONE},
            ask_again,
            what,
            bad={'error_deleting'},
            timeout=DEADLINE,
        )


def of(work: step.Work) -> Remover:
    """Return the remover for the resources of the present run."""
    return Remover(work.cloud, work.waiter, owner=work.run)
