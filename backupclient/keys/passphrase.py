# SPDX-License-Identifier: Apache-2.0
"""Convert a key in Barbican to the passphrase of LUKS.

Cinder and Nova use as the passphrase the lower-case hexadecimal digits of a
key's bytes, without a newline. For a secret of type ``passphrase``, os-brick
uses the bytes unchanged (``os_brick.utils.get_passphrase_from_secret``), but
Nova's libvirt driver uses the hexadecimal digits (``_attach_encryptor``). So
the type only shows which form is likely. A proof shows which one is right.
"""

import enum

from backupclient.keys import material


class Format(enum.StrEnum):
    """The form in which a key is written to a file."""

    PASSPHRASE = enum.auto()
    RAW = enum.auto()
    HEX = enum.auto()


def candidates(key: material.KeyMaterial) -> tuple[bytes, ...]:
    """Return the possible passphrases for a key, the likely one first."""
    digits = key.payload.hex().encode()
    match key.secret_type:
        case 'passphrase':
            return key.payload, digits
        case _:
            return digits, key.payload


def encode(key: material.KeyMaterial, form: Format) -> bytes:
    """Return the content of a key file, without a newline at its end.

    ``Format.PASSPHRASE`` is only the likely candidate. If a proof has found
    the right one, write that instead.
    """
    match form:
        case Format.PASSPHRASE:
            return candidates(key)[0]
        case Format.RAW:
            return key.payload
        case Format.HEX:
            return key.payload.hex().encode()
