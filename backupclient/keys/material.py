# SPDX-License-Identifier: Apache-2.0
"""A secret's bytes, protected from being shown or stored by accident."""

import dataclasses
import hashlib
import resource
from typing import NoReturn


@dataclasses.dataclass(frozen=True, slots=True)
class KeyMaterial:
    """A Barbican secret with its payload.

    Instances cannot be pickled or copied, so that no journal contains them.

    :param secret_id: the UUID of the secret.
    :param secret_type: Barbican's: ``symmetric``, ``passphrase``,
        ``opaque``, ...
    :param algorithm: as stated by the secret's creator, ``''`` for none.
    :param bit_length: as stated by the secret's creator.
    :param payload: the bytes as Barbican stores them; not in the repr.
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
        """Refuse to be pickled or copied.

        :raises TypeError: always.
        """
        raise TypeError('Key material is never stored or copied.')


def forbid_core_dumps() -> None:
    """Disable core files of this process: they would contain keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
