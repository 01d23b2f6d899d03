# SPDX-License-Identifier: Apache-2.0
"""One key, outside a run: find it, prove it, write it."""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import enum

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys import protection
from backupclient.keys.luks import proof as luks
from backupclient.procedures import key_export


class Kind(enum.StrEnum):
    """What can have a key, in the order in which a name is looked for."""

    VOLUME = 'volume'
    SNAPSHOT = 'snapshot'
    BACKUP = 'backup'
    IMAGE = 'image'
    SECRET = 'secret'


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """What a key opens.

    :param volume_id: of the volume that knows the key, for volumes and
        snapshots.
    :param secret_id: where it is known already.
    """

    kind: Kind
    id: str
    name: str
    volume_id: str = ''
    secret_id: str = ''

    @property
    def label(self) -> str:
        """Kind, name and ID, for messages."""
        return f'{self.kind} "{self.name}" ({self.id})'


def find(cloud: door.Cloud, name: str, kind: Kind | None) -> Source:
    """Find the one thing with a name or ID.

    :param name: of a secret, its href too: only its last part is used.
    :param kind: None for any.
    :raises UsageError: there is none, or more than one.
    """
    id_ = name.rstrip('/').rsplit('/', 1)[-1]
    found = [
        source
        for each in ([kind] if kind else Kind)
        for source in _all(cloud, each)
        if source.id == id_ or source.name == name
    ]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ', '.join(source.label for source in found)
        raise errors.UsageError(
            f'"{name}" could mean {listed}: give an ID, and --kind.'
        )
    kinds = kind or 'volume, snapshot, backup, image or secret'
    raise errors.UsageError(
        f'There is no {kinds} with the name or ID "{name}".'
    )


def _all(cloud: door.Cloud, kind: Kind) -> Iterator[Source]:
    """Read what there is of a kind; a service that is absent has nothing."""
    service, read = _READERS[kind]
    if service in cloud.services:
        yield from read(cloud)


def _volumes(cloud: door.Cloud) -> Iterator[Source]:
    for volume in cloud.cinder.volumes():
        yield Source(Kind.VOLUME, volume.id, volume.name, volume.id)


def _snapshots(cloud: door.Cloud) -> Iterator[Source]:
    for snapshot in cloud.cinder.snapshots():
        yield Source(
            Kind.SNAPSHOT, snapshot.id, snapshot.name, snapshot.volume_id
        )


def _backups(cloud: door.Cloud) -> Iterator[Source]:
    for backup in cloud.cinder.backups():
        yield Source(
            Kind.BACKUP, backup.id, backup.name, secret_id=backup.key_id
        )


def _images(cloud: door.Cloud) -> Iterator[Source]:
    for image in cloud.glance.images(cloud.identity.project_id):
        yield Source(Kind.IMAGE, image.id, image.name, secret_id=image.key_id)


def _secrets(cloud: door.Cloud) -> Iterator[Source]:
    for secret in cloud.barbican.secrets():
        yield Source(Kind.SECRET, secret.id, secret.name, secret_id=secret.id)


_READERS: dict[Kind, tuple[str, Callable[[door.Cloud], Iterator[Source]]]] = {
    Kind.VOLUME: ('block-storage', _volumes),
    Kind.SNAPSHOT: ('block-storage', _snapshots),
    Kind.BACKUP: ('block-storage', _backups),
    Kind.IMAGE: ('image', _images),
    Kind.SECRET: ('key-manager', _secrets),
}


def read(cloud: door.Cloud, source: Source) -> material.KeyMaterial:
    """Read the key that opens something.

    :raises BackupError: it is not encrypted, or the key cannot be had.
    """
    secret_id = source.secret_id
    if source.volume_id:
        secret_id = _of_volume(cloud, source)
    elif not secret_id:
        raise errors.UsageError(f'{source.label} is not encrypted.')
    return key_export.fetch(cloud, secret_id, source.label)


def _of_volume(cloud: door.Cloud, source: Source) -> str:
    """A snapshot has the key of its volume, and does not tell."""
    volume = cloud.cinder.volume(source.volume_id)
    if volume is None or not volume.encrypted:
        raise errors.UsageError(f'{source.label} is not encrypted.')
    if volume.status == 'creating':
        # Cinder may give it another key (``flows/manager/create_volume.py``,
        # ``_rekey_volume``), and deletes this one.
        raise errors.BackupError(
            f'{source.label} is being created: it may get another key. Try '
            'again when it is available.'
        )
    return volume.key_id


def check(
    key: material.KeyMaterial, image: luks.Image | None, name: str
) -> luks.Proof:
    """Try a key on a downloaded image, if there is one.

    :param name: of the image, for messages.

    :raises BackupError: the key does not open it.
    """
    if image is None:
        return luks.Proof(luks.Opens.NOT_CHECKED)
    proof = luks.prove(image, passphrase.candidates(key))
    if proof.opens is luks.Opens.NO:
        raise errors.BackupError(
            f'Secret {key.secret_id} does not open {name}: {proof.reason} '
            'No key file was written.'
        )
    return proof


def content(
    key: material.KeyMaterial,
    form: passphrase.Format,
    proof: luks.Proof,
    recipients: Sequence[str],
) -> bytes:
    """Give what a key file holds."""
    data = passphrase.encode(key, form)
    if form is passphrase.Format.PASSPHRASE and proof.opened_by is not None:
        data = passphrase.candidates(key)[proof.opened_by]
    return protection.Protector(recipients).seal(data) if recipients else data


def default_format(source: Source) -> passphrase.Format:
    """Give the form in which a key is mostly wanted."""
    if source.kind is Kind.SECRET:
        return passphrase.Format.RAW
    return passphrase.Format.PASSPHRASE
