# SPDX-License-Identifier: Apache-2.0
"""The place and the cipher of the encrypted data of a LUKS volume."""

import dataclasses

from backupclient.keys.luks import diskcipher
from backupclient.keys.luks import untrusted

UNIT = diskcipher.SECTOR

_SECTORS = (512, 1024, 2048, 4096)


@dataclasses.dataclass(frozen=True, slots=True)
class Payload:
    """The encrypted data.

    :param offset: the offset of the first sector in the file, in bytes.
    :param cipher: such as ``aes-xts-plain64``.
    :param sector_size: in bytes.
    :param first: the number of the first sector for the IV, in units of 512
        bytes.
    :param size: in bytes; None for all bytes after the offset.
    :param version: the LUKS version.
    """

    offset: int
    cipher: str
    sector_size: int = UNIT
    first: int = 0
    size: int | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """Check the header's values."""
        if self.sector_size not in _SECTORS:
            raise untrusted.NotCheckable(
                'The LUKS header is damaged: a sector size is impossible.'
            )
        # An offset of 0 means a detached header, which is not supported.
        untrusted.within('the offset of the data', self.offset, 512, 2**63)
        untrusted.within('the number of a sector', self.first, 0, 2**63)
        if self.size is not None:
            untrusted.within('the size of the data', self.size, 512, 2**63)
        if self.offset % UNIT or (self.size or 0) % (self.sector_size):
            raise untrusted.NotCheckable(
                'The LUKS header is damaged: the data are not whole sectors.'
            )

    def decrypter(self, volume_key: bytes) -> diskcipher.Sectors:
        """Return a decrypter of the sectors.

        :raises NotCheckable: if the cipher is not supported.
        """
        return diskcipher.Sectors(self.cipher, volume_key, self.sector_size)
