# SPDX-License-Identifier: Apache-2.0
"""Guide: "Retrieving volume encryption keys from Barbican"."""

import dataclasses
import functools

from backupclient import errors
from backupclient.cloud import door
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys.luks import facts
from backupclient.keys.luks import proof as luks
from backupclient.model import copies
from backupclient.model import layout
from backupclient.model import plans
from backupclient.procedures import files
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.store import base


def fetch(
    cloud: door.Cloud, secret_id: str, what: str
) -> material.KeyMaterial:
    """Read a secret with its payload.

    :param what: that the secret opens, for messages.
    :raises BackupError: it cannot be had; the text says how it could.
    """
    if not secret_id:
        raise errors.NotFound(
            f'The cloud names no key for {what}: it may use one fixed key '
            'for all volumes, which nobody can export. Use the Backup API '
            '(--volume-method backup).'
        )
    if 'key-manager' not in cloud.services:
        raise errors.NotFound(
            f'The key of {what} cannot be read: the catalogue of this cloud '
            'has no key manager (Barbican). Ask its operator.'
        )
    material.forbid_core_dumps()
    try:
        secret = cloud.barbican.secret(secret_id)
        payload = cloud.barbican.payload(secret_id)
    except errors.Forbidden as exc:
        raise errors.Forbidden(
            f'The key of {what} cannot be read: {exc}. It may belong to '
            'another user, or the role "creator" is missing: ask an '
            'administrator of the project.',
            exc.status,
        ) from exc
    if secret is None:
        raise errors.NotFound(
            f'Secret {secret_id}, the key of {what}, is not there any more: '
            'without a copy of it the data cannot be read.',
            404,
        )
    return material.KeyMaterial(
        secret_id,
        secret.secret_type,
        secret.algorithm,
        secret.bit_length,
        payload,
    )


class ExportKey(step.Step[interim.Backup]):
    """Keep the key beside the data that it opens, and prove that it does.

    The key is that of the very image: it dies with the image.
    """

    stable_name = 'export-key'
    title = 'export the key and try it'

    @staticmethod
    def command(item: plans.Item) -> str:
        return (
            'openstack secret get --payload_content_type '
            'application/octet-stream --file KEY SECRET'
        )

    def do(self, made: interim.Backup) -> interim.Backup:
        key = fetch(
            self.cloud, self._secret_id(made), self.item.resource.label
        )
        proof = self._prove(key, made)
        opener = passphrase.candidates(key)[proof.opened_by or 0]
        write(self.work, self._path(), opener)
        notes = (proof.reason,) if proof.reason else ()
        found = record(self.work, key, self._path(), proof.opens)
        return dataclasses.replace(
            made,
            key=dataclasses.replace(found, luks=self._luks(made)),
            notes=(*made.notes, *notes),
        )

    def undo(self, made: interim.Backup) -> None:
        files.of(self.work).delete(self._path())

    def _secret_id(self, made: interim.Backup) -> str:
        image_id = made.image_id
        image = (
            self.cloud.glance.image(image_id) if image_id else self.item.image
        )
        return image.key_id if image else ''

    def _prove(
        self, key: material.KeyMaterial, made: interim.Backup
    ) -> luks.Proof:
        path = files.require_data(self.work, made)
        image = functools.partial(files.of(self.work).read, path)
        proof = luks.prove(image, passphrase.candidates(key))
        if proof.opens is luks.Opens.NO:
            raise errors.TransferError(
                f'Secret {key.secret_id} does not open the data of '
                f'{self.item.resource.label}: {proof.reason}'
            )
        return proof

    def _luks(self, made: interim.Backup) -> int:
        """Read which LUKS it is: a restore goes by it."""
        path = files.require_data(self.work, made)
        return facts.version(functools.partial(files.of(self.work).read, path))

    def _path(self) -> str:
        return layout.key_file(
            self.item.resource, protected=self.work.protector is not None
        )


def write(work: step.Work, path: str, data: bytes) -> bytes:
    """Write a key or a secret into the backup set, over an earlier try's.

    :returns: the content of the file.
    """
    content, secrecy = data, base.Secrecy.SECRET
    if work.protector:
        content, secrecy = work.protector.seal(data), base.Secrecy.SEALED
    files.of(work).put(path, content, secrecy=secrecy)
    return content


def record(
    work: step.Work, key: material.KeyMaterial, path: str, opens: str
) -> copies.KeyRecord:
    """Give what the manifest says of a key."""
    return copies.KeyRecord(
        path=path,
        secret_id=key.secret_id,
        secret_type=key.secret_type,
        algorithm=key.algorithm,
        bit_length=key.bit_length,
        fingerprint=key.fingerprint,
        opens=str(opens),
        protected=work.protector is not None,
    )
