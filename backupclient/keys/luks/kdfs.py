# SPDX-License-Identifier: Apache-2.0
"""Key derivation functions: PBKDF2 and Argon2."""

import dataclasses
import hashlib
import importlib
import threading
from typing import Protocol

from cryptography import exceptions

from backupclient.keys.luks import hashing
from backupclient.keys.luks import memory
from backupclient.keys.luks import untrusted

_BLOCKS_PER_SECOND = 1_000_000
_KIB_PER_SECOND = 512 << 10
_SPARE_KIB = 64 << 10
_ARGON2 = {'argon2i': 'Argon2i', 'argon2id': 'Argon2id'}

# One derivation at a time: two parallel ones could see the same memory as
# free, and together take more.
_ARGON2_TURN = threading.Lock()


class Kdf(Protocol):
    """A key derivation function with its parameters."""

    def effort(self, length: int) -> float:
        """Return an estimate of the seconds that a slow machine needs.

        :param length: the length of the key in bytes.
        :raises NotCheckable: if this machine cannot derive the key.
        """

    def derive(self, secret: bytes, length: int) -> bytes:
        """Return a key of ``length`` bytes.

        :raises NotCheckable: if this machine cannot derive the key.
        """


@dataclasses.dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 with HMAC (RFC 8018)."""

    hash: str
    salt: bytes
    iterations: int

    def __post_init__(self) -> None:
        """Check the header's values."""
        untrusted.within('an iteration count', self.iterations, 1, 2**32 - 1)

    def effort(self, length: int) -> float:
        """Estimate the seconds that a slow machine needs."""
        blocks = -(-length // hashing.size(self.hash))
        return self.iterations * blocks / _BLOCKS_PER_SECOND

    def derive(self, secret: bytes, length: int) -> bytes:
        """Return a key."""
        return hashlib.pbkdf2_hmac(
            self.hash, secret, self.salt, self.iterations, length
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Argon2:
    """Argon2 (RFC 9106).

    :param variant: LUKS2's name, ``argon2i`` or ``argon2id``.
    :param lanes: ``cpus`` in LUKS2.
    """

    variant: str
    salt: bytes
    passes: int
    memory_kib: int
    lanes: int

    def __post_init__(self) -> None:
        """Check the header's values against the limits of cryptsetup."""
        untrusted.within('an Argon2 salt', len(self.salt), 8, 64)
        untrusted.within('an Argon2 time', self.passes, 1, 2**32 - 1)
        untrusted.within('an Argon2 memory size', self.memory_kib, 32, 2**22)
        untrusted.within('an Argon2 CPU count', self.lanes, 1, 4)

    def effort(self, length: int) -> float:
        """Estimate the seconds that a slow machine needs."""
        return self.passes * self.memory_kib / _KIB_PER_SECOND

    def derive(self, secret: bytes, length: int) -> bytes:
        """Return a key; one thread at a time.

        :raises NotCheckable: if there is too little memory, or no Argon2.
        """
        with _ARGON2_TURN:
            free = memory.available()
            if free is not None and free >> 10 < self.memory_kib + _SPARE_KIB:
                raise self._too_little_memory()
            try:
                return self._derive(secret, length)
            # Older releases of cryptography raise InternalError.
            except (MemoryError, exceptions.InternalError):
                raise self._too_little_memory() from None

    def _derive(self, secret: bytes, length: int) -> bytes:
        try:
            # cryptography has Argon2id since 44, and Argon2i since a later
            # release.
            module = importlib.import_module(
                'cryptography.hazmat.primitives.kdf.argon2'
            )
            function = getattr(module, _ARGON2[self.variant])(
                salt=self.salt,
                length=length,
                iterations=self.passes,
                lanes=self.lanes,
                memory_cost=self.memory_kib,
            )
        except (ImportError, AttributeError, exceptions.UnsupportedAlgorithm):
            raise untrusted.NotCheckable(
                f'The installed cryptography library cannot do {self.variant}'
                ', which the LUKS header asks for: install a newer one.'
            ) from None
        key: bytes = function.derive(secret)
        return key

    def _too_little_memory(self) -> untrusted.NotCheckable:
        return untrusted.NotCheckable(
            f'The LUKS header asks for {self.memory_kib >> 10} MiB of memory, '
            'which are not free here: check the key on a larger machine.'
        )
