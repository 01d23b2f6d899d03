# SPDX-License-Identifier: Apache-2.0
"""Decrypt a LUKS disk image in a stream.

The volume key is in memory only. The plain bytes go to the caller.
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

    :param blank: the image is empty, or begins with zeros instead of a LUKS
        header, as that of a volume that was never attached.
    """

    def __init__(self, text: str, *, blank: bool = False) -> None:
        super().__init__(text)
        self.blank = blank


class Opener:
    """Decrypts one disk image, from its first byte to its last.

    The zeros of a hole are decrypted like all other bytes, and give noise, as
    they do for the kernel and for ``qemu-img``.

    It refuses to be pickled or copied, as it holds the volume key.

    :param payload: where the data are in the image.
    :param volume_key: decrypts them.
    :param candidate: the index of the passphrase that opened the image.
    :raises NotCheckable: for a cipher that is not known here.
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
        """The offset of the data in bytes: the size of what precedes them."""
        return self._payload.offset

    def plain_size(self, size: int) -> int:
        """Return the size of the plain disk in bytes.

        :param size: of the image.
        """
        data = max(size - self._payload.offset, 0)
        limit = self._payload.size
        return data if limit is None else min(data, limit)

    def feed(self, block: bytes) -> bytes:
        """Decrypt the next bytes of the image.

        :param block: any number of bytes, the first call's from the beginning
            of the image.
        :returns: the sectors that are newly decrypted; none as long as the
            header is passed over.
        """
        block = self._after_header(block)
        if self._rest:
            block = self._rest + block
        whole = len(block) - len(block) % self._payload.sector_size
        self._rest = block[whole:]
        return self._decrypt(block[:whole])

    def end(self) -> None:
        """Raise NotOpened if the image ended before its data did."""
        # What follows data of a fixed size is none of them.
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
        """Refuse.

        :raises TypeError: always.
        """
        raise TypeError('A volume key is never stored or copied.')


def unlock(image: Image, candidates: Sequence[bytes]) -> Opener:
    """Open a LUKS1 or LUKS2 disk image with a passphrase.

    Reads the header only. The limits of memory and time are those of
    ``proof.prove``.

    :param image: opens the disk image at an offset.
    :param candidates: passphrases, the likely one first.
    :returns: decrypts the image; feed it from the first byte on.
    :raises NotOpened: if no passphrase opens it, if it has no LUKS header, or
        if its encryption is not known here.
    :raises BackupError: the image cannot be read.
    """
    try:
        return _unlock(untrusted.Source(image), candidates)
    except untrusted.NotCheckable as reason:
        blank = isinstance(reason, proof.Headerless) and reason.blank
        raise NotOpened(str(reason), blank=blank) from None


def _unlock(source: untrusted.Source, candidates: Sequence[bytes]) -> Opener:
    header = proof.header(source)
    # First what is checked fast: to try a passphrase takes seconds.
    payload = header.payload(source)
    found = proof.unlock(source, header.keyslots(source), candidates)
    if found is None:
        raise NotOpened('The key opens no key slot of the LUKS header.')
    return Opener(payload, found.volume_key, found.candidate)
