# SPDX-License-Identifier: Apache-2.0
"""From a key in Barbican to the passphrase that LUKS was given.

Cinder and Nova give LUKS the lower-case hexadecimal digits of a key's bytes,
without a newline. A secret of type ``passphrase`` is used as it is by os-brick
(``os_brick.utils.get_passphrase_from_secret``), but as hexadecimal digits by
Nova's libvirt driver (``_attach_encryptor``). So the type says which form is
likely, and only a proof says which one it is.
"""

import enum

from backupclient.keys import material


class Format(enum.StrEnum):
    """How a key is written to a file."""

    PASSPHRASE = enum.auto()
    RAW = enum.auto()
    HEX = enum.auto()


def candidates(key: material.KeyMaterial) -> tuple[bytes, ...]:
    """Give the forms in which LUKS may have been given the key.

    :returns: the likely form first.
    """
    digits = key.payload.hex().encode()
    match key.secret_type:
        case 'passphrase':
            return key.payload, digits
        case _:
            return digits, key.payload


def encode(key: material.KeyMaterial, form: Format) -> bytes:
    """Give the content of a key file, without a newline at its end.

    Where a proof has shown which candidate opens the data, that one is
    better than ``Format.PASSPHRASE``, which is the likely one.
    """
    match form:
        case Format.PASSPHRASE:
            return candidates(key)[0]
        case Format.RAW:
            return key.payload
        case Format.HEX:
            return key.payload.hex().encode()
