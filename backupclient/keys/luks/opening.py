# SPDX-License-Identifier: Apache-2.0
"""Decrypt a LUKS disk image in a stream.

The volume key is only in memory.
"""

from collections.abc import Sequence
from typing import NoReturn

from backupclient import errors
from backupclient.keys.luks import payloads
from backupclient.keys.luks import proof
from backupclient.keys.luks import untrusted

Image = untrusted.Image


class NotOpened(errors.BackupError):
    """A disk image cannot be decrypted; the text says why.

    :param blank: whether the image is empty, or begins with zeros instead of a
        LUKS header, like a volume that was never attached.
    """

    def __init__(self, text: str, *, blank: bool = False) -> None:
        super().__init__(text)
        self.blank = blank


class Opener:
    """Decrypts one disk image, from its first byte to its last.

    Holes are decrypted like other zeros, and become noise. The kernel and
    ``qemu-img`` do the same.

    Instances cannot be pickled or copied, because they have the volume key.

    :param payload: the place and the cipher of the data in the image.
    :param volume_key: the key of the data.
    :param candidate: the index of the passphrase that opened the image.
    :raises NotCheckable: if the cipher is not supported.
    """

    def __init__(
        self,
        payload: payloads.Payload,
        volume_key: bytes,
        candidate: int = 0,
    ) -> None:
        self.candidate = candidate
        self._payload = payload
        self._sectors = payload.decrypter(volume_key)
        self._before = payload.offset
        self._number = payload.first
        self._rest = b''
        self._left = payload.size

    @property
    def version(self) -> int:
        """The version of LUKS."""
        return self._payload.version

    @property
    def payload_offset(self) -> int:
        """The offset of the data in bytes: the size of the header area."""
        return self._payload.offset

    def plain_size(self, size: int) -> int:
        """Return the size of the decrypted disk in bytes.

        :param size: the size of the image in bytes.
        """
        data = max(size - self._payload.offset, 0)
        limit = self._payload.size
        return data if limit is None else min(data, limit)

    def feed(self, block: bytes) -> bytes:
        """Decrypt the next bytes of the image.

        :param block: any number of bytes. The first call gets the beginning of
            the image, each further call the bytes that follow.
        :returns: newly decrypted sectors, ``b''`` within the header.
        """
        block = self._after_header(block)
        if self._rest:
            block = self._rest + block
        whole = len(block) - len(block) % self._payload.sector_size
        self._rest = block[whole:]
        return self._decrypt(block[:whole])

    def end(self) -> None:
        """Raise NotOpened if the image ended before its data did."""
        # If the data have a fixed size, further bytes do not belong to them.
        cut = self._left if self._left is not None else len(self._rest)
        if self._before or cut:
            raise NotOpened(
                'The image is not complete: the data of its LUKS volume are '
                'cut off.'
            )

    def _after_header(self, block: bytes) -> bytes:
        """Return the part of a block that follows the header."""
        skipped = min(self._before, len(block))
        self._before -= skipped
        return block[skipped:] if skipped else block

    def _decrypt(self, data: bytes) -> bytes:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        plain = self._sectors.decrypt(data, self._number)
        self._number += len(data) // payloads.UNIT
        return plain

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied.

        :raises TypeError: always.
        """
        raise TypeError('A volume key is never stored or copied.')


def unlock(image: Image, candidates: Sequence[bytes]) -> Opener:
    """Open a LUKS1 or LUKS2 disk image with a passphrase.

    Only the header is read. The limits of memory and time are those of
    ``proof.prove``.

    :param image: opens the disk image at an offset.
    :param candidates: passphrases, the likely one first.
    :returns: an opener; feed it the image from the first byte on.
    :raises NotOpened: if no passphrase opens it, if it has no LUKS header, or
        if its encryption is not supported.
    :raises BackupError: if ``image`` fails to read.
    """
    try:
        return _unlock(untrusted.Source(image), candidates)
    except untrusted.NotCheckable as reason:
        blank = isinstance(reason, proof.Headerless) and reason.blank
        raise NotOpened(str(reason), blank=blank) from None


def _unlock(source: untrusted.Source, candidates: Sequence[bytes]) -> Opener:
    header = proof.header(source)
    # The fast check first: trying a passphrase takes seconds.
    payload = header.payload(source)
    found = proof.unlock(source, header.keyslots(source), candidates)
    if found is None:
        raise NotOpened('The key opens no key slot of the LUKS header.')
    return Opener(payload, found.volume_key, found.candidate)
