# SPDX-License-Identifier: Apache-2.0
"""Guide: "Retrieving volume encryption keys from Barbican"."""

import dataclasses
import functools

from backupclient import errors
from backupclient.keys import material
from backupclient.keys import passphrase
from backupclient.keys.luks import facts
from backupclient.keys.luks import proof as luks
from backupclient.model import layout
from backupclient.model import plans
from backupclient.procedures import files
from backupclient.procedures import interim
from backupclient.procedures import key_fetching
from backupclient.procedures import step
from backupclient.procedures.backup import set_keys


class ExportKey(step.Step[interim.Backup]):
    """Write the key beside the data, and prove that it opens them.

    The key belongs to the image, not to the volume: Cinder made a copy of the
    volume's key for the image, and the copy is deleted with the image.
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
        key = key_fetching.fetch(
            self.cloud, self._secret_id(made), self.item.resource.label
        )
        proof = self._prove(key, made)
        opener = passphrase.candidates(key)[proof.opened_by or 0]
        set_keys.write(self.work, self._path(), opener)
        notes = (proof.reason,) if proof.reason else ()
        found = set_keys.record(self.work, key, self._path(), proof.opens)
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
        """Return the version of LUKS, which decides how a restore decrypts."""
        path = files.require_data(self.work, made)
        return facts.version(functools.partial(files.of(self.work).read, path))

    def _path(self) -> str:
        return layout.key_file(
            self.item.resource, protected=self.work.protector is not None
        )
