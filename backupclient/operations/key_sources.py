# SPDX-License-Identifier: Apache-2.0
"""The encrypted resources of a project, and their keys."""

from collections.abc import Callable, Iterable, Iterator
import dataclasses
import enum

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.model import details
from backupclient.procedures import key_fetching


class SourceKind(enum.StrEnum):
    """The kinds of resources, in the order in which a name is searched."""

    VOLUME = 'volume'
    SNAPSHOT = 'snapshot'
    BACKUP = 'backup'
    IMAGE = 'image'
    SECRET = 'secret'


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A resource that a key opens; a secret is its own key.

    :param volume_id: the volume that has the key, for volumes and snapshots;
        else ``''``.
    :param secret_id: the ID of the key, ``''`` for a resource without a key
        and for one with a volume ID: then the volume names the key.
    :param details: facts that distinguish resources with the same name.
    """

    kind: SourceKind
    id: str
    name: str
    volume_id: str = ''
    secret_id: str = ''
    details: str = ''

    @property
    def label(self) -> str:
        """Kind, name and ID, for messages."""
        name = f' "{self.name}"' if self.name else ''
        return f'{self.kind}{name} ({self.id})'


def sources(
    cloud: door.Cloud, kinds: Iterable[SourceKind]
) -> Iterator[Source]:
    """Yield the resources of some kinds. An absent service has none.

    :raises CloudError: if a service refuses to list them.
    """
    for kind in kinds:
        service, read = _READERS[kind]
        if service in cloud.services:
            yield from read(cloud)


def _volumes(cloud: door.Cloud) -> Iterator[Source]:
    for volume in cloud.cinder.volumes():
        yield Source(
            SourceKind.VOLUME,
            volume.id,
            volume.name,
            volume.id,
            details=details.volume(volume),
        )


def _snapshots(cloud: door.Cloud) -> Iterator[Source]:
    for snapshot in cloud.cinder.snapshots():
        yield Source(
            SourceKind.SNAPSHOT,
            snapshot.id,
            snapshot.name,
            snapshot.volume_id,
            details=details.snapshot(snapshot),
        )


def _backups(cloud: door.Cloud) -> Iterator[Source]:
    for backup in cloud.cinder.backups():
        yield Source(
            SourceKind.BACKUP,
            backup.id,
            backup.name,
            secret_id=backup.key_id,
            details=details.backup(backup),
        )


def _images(cloud: door.Cloud) -> Iterator[Source]:
    for image in cloud.glance.images(cloud.identity.project_id):
        yield Source(
            SourceKind.IMAGE,
            image.id,
            image.name,
            secret_id=image.key_id,
            details=details.image(image),
        )


def _secrets(cloud: door.Cloud) -> Iterator[Source]:
    for secret in cloud.barbican.secrets():
        yield Source(
            SourceKind.SECRET,
            secret.id,
            secret.name,
            secret_id=secret.id,
            details=details.secret(secret),
        )


_READERS: dict[
    SourceKind, tuple[str, Callable[[door.Cloud], Iterator[Source]]]
] = {
    SourceKind.VOLUME: ('block-storage', _volumes),
    SourceKind.SNAPSHOT: ('block-storage', _snapshots),
    SourceKind.BACKUP: ('block-storage', _backups),
    SourceKind.IMAGE: ('image', _images),
    SourceKind.SECRET: ('key-manager', _secrets),
}


def read_key(cloud: door.Cloud, source: Source) -> material.KeyMaterial:
    """Read the key that opens a resource.

    :raises UsageError: if the resource is not encrypted.
    :raises BackupError: if the key cannot be read, or the volume is being
        created and may get another key.
    """
    secret_id = source.secret_id
    if source.volume_id:
        secret_id = _of_volume(cloud, source)
    elif not secret_id:
        raise _not_encrypted(source)
    return key_fetching.fetch(cloud, secret_id, source.label)


def _of_volume(cloud: door.Cloud, source: Source) -> str:
    """Return the ID of a volume's key, which its snapshots have too."""
    volume = cloud.cinder.volume(source.volume_id)
    if volume is None or not volume.encrypted:
        raise _not_encrypted(source)
    if volume.status == 'creating':
        # Cinder may replace the key and delete this one
        # (``flows/manager/create_volume.py``, ``_rekey_volume``).
        raise errors.BackupError(
            f'{source.label} is being created: it may get another key. Try '
            'again when it is available.'
        )
    return volume.key_id


def _not_encrypted(source: Source) -> errors.UsageError:
    return errors.UsageError(
        f'{source.label} is not encrypted: it has no key to export.'
    )
