# SPDX-License-Identifier: Apache-2.0
"""Read keys and secrets in a set, compare their hashes, and decrypt them."""

import dataclasses
import hashlib

from backupclient import errors
from backupclient.keys import identity
from backupclient.model import copies
from backupclient.operations.verifying import key_check
from backupclient.sets import check
from backupclient.store import base

AGE = '.age'


@dataclasses.dataclass(frozen=True, slots=True)
class KeyFiles:
    """The keys and secrets of one set. Their content stays in memory.

    :param files: the files of the set.
    :param identities: the private keys for encrypted files.
    """

    files: base.Files
    identities: identity.Identities

    def secret(self, record: copies.FileRecord) -> bytes:
        """Return the content of a secret's file.

        :raises TransferError: if the file is damaged.
        :raises TargetError: if the file cannot be read.
        """
        data = self._read(record.path)
        self._require(record.path, data, record.digests['sha512'])
        return data

    def key(self, record: copies.KeyRecord) -> tuple[bytes, bool]:
        """Return the content of a key's file, and whether it was compared.

        The manifest has no hash of a key's file, so the list of checksums is
        used. Without a usable list, nothing is compared.

        :raises TransferError: if the file is damaged.
        :raises TargetError: if the file cannot be read.
        """
        data = self._read(record.path)
        known = self._sums().get(record.path)
        if known is not None:
            self._require(record.path, data, known)
        return data, known is not None

    def decrypted(self, path: str, data: bytes) -> bytes:
        """Decrypt the content of a file if it is encrypted.

        :raises NotOpened: if no identity decrypts it.
        """
        if not path.endswith(AGE):
            return data
        return self.identities.open(data, f'{self.files.name}/{path}')

    def passphrases(self, record: copies.KeyRecord) -> tuple[bytes, ...]:
        """Return the two candidates for the passphrase of a disk.

        OpenStack uses a secret of type ``passphrase`` either as it is or as
        hexadecimal digits. Only trying them tells which one opens the disk.

        :raises NotOpened: if no identity decrypts it.
        """
        found = self.decrypted(record.path, self._read(record.path))
        return found, found.hex().encode()

    def _read(self, path: str) -> bytes:
        data = base.read_whole(self.files, path, key_check.LARGEST + 1)
        if len(data) > key_check.LARGEST:
            raise errors.TransferError(
                f'{self.files.name}/{path} is too large for a key or a '
                f'secret. {self.files.instead}'
            )
        return data

    def _sums(self) -> dict[str, str]:
        """Return the set's checksums by path, ``{}`` if unusable."""
        try:
            return check.sums(self.files)
        except errors.DocumentError:
            return {}

    def _require(self, path: str, data: bytes, sha512: str) -> None:
        if hashlib.sha512(data).hexdigest() != sha512:
            raise errors.TransferError(
                f'{self.files.name}/{path} is damaged: its hash is another. '
                f'No file was made of it. {self.files.instead}'
            )
