# SPDX-License-Identifier: Apache-2.0
"""A secret's bytes, held so that nothing shows or stores them unasked."""

import dataclasses
import hashlib
import resource
from typing import NoReturn


@dataclasses.dataclass(frozen=True, slots=True)
class KeyMaterial:
    """A Barbican secret with its payload.

    It refuses to be pickled or copied, so that no journal can hold it.

    :param secret_id: the UUID of the secret.
    :param secret_type: Barbican's: ``symmetric``, ``passphrase``,
        ``opaque``, ...
    :param algorithm: as the secret's maker stated it, ``''`` for none.
    :param bit_length: as the secret's maker stated it.
    :param payload: the bytes as Barbican holds them; not in the repr.
    """

    secret_id: str
    secret_type: str
    algorithm: str
    bit_length: int | None
    payload: bytes = dataclasses.field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The sha256 of the payload, in hexadecimal."""
        return hashlib.sha256(self.payload).hexdigest()

    def __reduce__(self) -> NoReturn:
        """Refuse.

        :raises TypeError: always.
        """
        raise TypeError('Key material is never stored or copied.')


def forbid_core_dumps() -> None:
    """Keep the memory of this process, keys and all, out of core files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
