# SPDX-License-Identifier: Apache-2.0
"""A key slot of a LUKS header: the volume key under a passphrase."""

import dataclasses
import hmac

from backupclient.keys.luks import antiforensic
from backupclient.keys.luks import diskcipher
from backupclient.keys.luks import kdfs
from backupclient.keys.luks import untrusted

_STRIPES = 4000
_OVERHEAD = 0.05


def check_stripes(count: int) -> None:
    """Check what a header says: LUKS always has 4000 stripes.

    :raises NotCheckable: for another count.
    """
    untrusted.within('a stripe count', count, _STRIPES, _STRIPES)


@dataclasses.dataclass(frozen=True, slots=True)
class Digest:
    """What a header knows of the volume key: a slow hash of it."""

    kdf: kdfs.Pbkdf2
    value: bytes

    def __post_init__(self) -> None:
        """Check what a header says: a short value fits many keys."""
        untrusted.within('a digest', len(self.value), 20, 64)

    @property
    def effort(self) -> float:
        """The seconds that a slow machine needs to compare."""
        return self.kdf.effort(len(self.value))

    def fits(self, volume_key: bytes) -> bool:
        """Tell the right volume key from a wrong one."""
        found = self.kdf.derive(volume_key, len(self.value))
        return hmac.compare_digest(found, self.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Keyslot:
    """A key slot in use.

    :param kdf: makes the slot's key from a passphrase.
    :param cipher: of the slot's area, as ``aes-xts-plain64``.
    :param cipher_key_size: in bytes.
    :param offset: of the area in the file, in bytes.
    :param key_size: of the volume key, in bytes.
    :param stripe_hash: of the anti-forensic stripes.
    :param digest: of the volume key.
    """

    kdf: kdfs.Kdf
    cipher: str
    cipher_key_size: int
    offset: int
    key_size: int
    stripe_hash: str
    digest: Digest

    def __post_init__(self) -> None:
        """Check what a header says."""
        untrusted.within('an offset', self.offset, 0, 2**63)
        untrusted.within('a key size', self.key_size, 16, 128)
        untrusted.within('a key size', self.cipher_key_size, 16, 128)

    @property
    def effort(self) -> float:
        """The seconds that a slow machine needs to try a passphrase.

        :raises NotCheckable: when it cannot be done on this machine.
        """
        derivation = self.kdf.effort(self.cipher_key_size)
        return derivation + _OVERHEAD + self.digest.effort

    def open(
        self, passphrase: bytes, source: untrusted.Source
    ) -> bytes | None:
        """Return the volume key, None if the passphrase is wrong.

        :raises NotCheckable: when it cannot be done on this machine.
        """
        size = self.key_size * _STRIPES
        area = source.read(self.offset, size + -size % diskcipher.SECTOR)
        slot_key = self.kdf.derive(passphrase, self.cipher_key_size)
        stripes = diskcipher.decrypt(self.cipher, slot_key, area)[:size]
        volume_key = antiforensic.merge(
            stripes, self.key_size, self.stripe_hash
        )
        return volume_key if self.digest.fits(volume_key) else None
