# SPDX-License-Identifier: Apache-2.0
"""A key slot of a LUKS header: the volume key encrypted by a passphrase."""

import dataclasses
import hmac

from backupclient.keys.luks import antiforensic
from backupclient.keys.luks import diskcipher
from backupclient.keys.luks import kdfs
from backupclient.keys.luks import untrusted

_STRIPES = 4000
_OVERHEAD = 0.05


def check_stripes(count: int) -> None:
    """Check the header's stripe count: LUKS always has 4000 stripes.

    :raises NotCheckable: if it is another count.
    """
    untrusted.within('a stripe count', count, _STRIPES, _STRIPES)


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """The header's slow hash of the volume key."""

    kdf: kdfs.Pbkdf2
    value: bytes

    def __post_init__(self) -> None:
        """Check the length: a short value would match wrong keys too."""
        untrusted.within('a digest', len(self.value), 20, 64)

    @property
    def effort(self) -> float:
        """An estimate of the seconds that a slow machine needs to compare."""
        return self.kdf.effort(len(self.value))

    def fits(self, volume_key: bytes) -> bool:
        """Return whether a volume key is the right one."""
        found = self.kdf.derive(volume_key, len(self.value))
        return hmac.compare_digest(found, self.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Keyslot:
    """A key slot in use.

    :param kdf: derives the slot's key from a passphrase.
    :param cipher: the cipher of the slot's area, such as ``aes-xts-plain64``.
    :param cipher_key_size: the size of the slot's key in bytes.
    :param offset: the offset of the area in the file, in bytes.
    :param key_size: the size of the volume key in bytes.
    :param stripe_hash: the hash function of the anti-forensic stripes.
    :param digest: the hash of the volume key.
    """

    kdf: kdfs.Kdf
    cipher: str
    cipher_key_size: int
    offset: int
    key_size: int
    stripe_hash: str
    digest: Digest

    def __post_init__(self) -> None:
        """Check the header's values."""
        untrusted.within('an offset', self.offset, 0, 2**63)
        untrusted.within('a key size', self.key_size, 16, 128)
        untrusted.within('a key size', self.cipher_key_size, 16, 128)

    @property
    def effort(self) -> float:
        """An estimate of the seconds that a slow machine needs for a try.

        :raises NotCheckable: if this machine cannot try a passphrase.
        """
        derivation = self.kdf.effort(self.cipher_key_size)
        return derivation + _OVERHEAD + self.digest.effort

    def open(
        self, passphrase: bytes, source: untrusted.Source
    ) -> bytes | None:
        """Return the volume key, None if the passphrase is wrong.

        :raises NotCheckable: if this machine cannot try a passphrase.
        """
        size = self.key_size * _STRIPES
        area = source.read(self.offset, size + -size % diskcipher.SECTOR)
        slot_key = self.kdf.derive(passphrase, self.cipher_key_size)
        stripes = diskcipher.decrypt(self.cipher, slot_key, area)[:size]
        volume_key = antiforensic.merge(
            stripes, self.key_size, self.stripe_hash
        )
        return volume_key if self.digest.fits(volume_key) else None
