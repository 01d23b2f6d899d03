# SPDX-License-Identifier: Apache-2.0
"""One key, outside a run: find it, prove it, write it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
import enum

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys import protection
from backupclient.keys.luks import proof as luks
from backupclient.model import details
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
    :param details: what tells it from others with its name.
    """

    kind: Kind
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


def sources(cloud: door.Cloud, kinds: Iterable[Kind]) -> Iterator[Source]:
    """Read what there is of some kinds; an absent service has nothing."""
    for kind in kinds:
        service, read = _READERS[kind]
        if service in cloud.services:
            yield from read(cloud)


def _volumes(cloud: door.Cloud) -> Iterator[Source]:
    for volume in cloud.cinder.volumes():
        yield Source(
            Kind.VOLUME,
            volume.id,
            volume.name,
            volume.id,
            details=details.volume(volume),
        )


def _snapshots(cloud: door.Cloud) -> Iterator[Source]:
    for snapshot in cloud.cinder.snapshots():
        yield Source(
            Kind.SNAPSHOT,
            snapshot.id,
            snapshot.name,
            snapshot.volume_id,
            details=details.snapshot(snapshot),
        )


def _backups(cloud: door.Cloud) -> Iterator[Source]:
    for backup in cloud.cinder.backups():
        yield Source(
            Kind.BACKUP,
            backup.id,
            backup.name,
            secret_id=backup.key_id,
            details=details.backup(backup),
        )


def _images(cloud: door.Cloud) -> Iterator[Source]:
    for image in cloud.glance.images(cloud.identity.project_id):
        yield Source(
            Kind.IMAGE,
            image.id,
            image.name,
            secret_id=image.key_id,
            details=details.image(image),
        )


def _secrets(cloud: door.Cloud) -> Iterator[Source]:
    for secret in cloud.barbican.secrets():
        yield Source(
            Kind.SECRET,
            secret.id,
            secret.name,
            secret_id=secret.id,
            details=details.secret(secret),
        )


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
    key: material.KeyMaterial,
    image: luks.Image | None,
    name: str,
    *,
    allow_unchecked: bool,
) -> luks.Proof:
    """Try a key on a downloaded image, if there is one.

    :param name: of the image, for messages.
    :param allow_unchecked: accept a file that has no LUKS header.
    :raises BackupError: it is not proved that the key opens the file.
    """
    if image is None:
        return luks.Proof(luks.Opens.NOT_CHECKED)
    proof = luks.prove(image, passphrase.candidates(key))
    if proof.opens is luks.Opens.YES:
        return proof
    if proof.headerless and allow_unchecked:
        return proof
    raise errors.BackupError(_unproved(key, name, proof))


def _unproved(key: material.KeyMaterial, image: str, proof: luks.Proof) -> str:
    """Say why there is no proof, and what to do about it."""
    if proof.opens is luks.Opens.NO:
        found, advice = 'does not open', ''
    else:
        found = 'could not be tried on'
        advice = (
            ' Is this the right file? If it is, --allow-unchecked exports '
            'the key without a proof.'
            if proof.headerless
            else ' Without --check the key is exported without a proof.'
        )
    return (
        f'Secret {key.secret_id} {found} {image}: {proof.reason} No key file '
        f'was written.{advice}'
    )


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
