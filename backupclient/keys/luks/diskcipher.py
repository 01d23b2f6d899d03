# SPDX-License-Identifier: Apache-2.0
"""Decrypt the sectors of a key slot, as dm-crypt would."""

from collections.abc import Callable

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import modes

from backupclient.keys.luks import hashing
from backupclient.keys.luks import untrusted

SECTOR = 512
_BLOCK = 16

_Mode = modes.XTS | modes.CBC


def decrypt(spec: str, key: bytes, data: bytes) -> bytes:
    """Decrypt sectors that are numbered from 0.

    :param spec: cipher, mode and IV as in ``aes-xts-plain64``.
    :param data: whole sectors of 512 bytes.
    :raises NotCheckable: for a cipher that is not known here.
    """
    try:
        algorithm, mode = algorithms.AES(key), _mode(spec, key)
        sectors = (
            _decrypt(algorithm, mode(number), data[start : start + SECTOR])
            for number, start in enumerate(range(0, len(data), SECTOR))
        )
        return b''.join(sectors)
    except ValueError:
        raise _unknown(spec, len(key)) from None


def _decrypt(algorithm: algorithms.AES, mode: _Mode, data: bytes) -> bytes:
    decryptor = ciphers.Cipher(algorithm, mode).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _mode(spec: str, key: bytes) -> Callable[[int], _Mode]:
    """Give what makes the mode of a sector from its number."""
    # "plain" has the lower 32 bits of the number: no key slot has as many
    # sectors.
    match spec.split('-'):
        case 'aes', 'xts', 'plain' | 'plain64':
            return lambda number: modes.XTS(_tweak(number))
        case 'aes', 'cbc', 'plain' | 'plain64':
            return lambda number: modes.CBC(_tweak(number))
        case 'aes', 'cbc', 'essiv:sha256':
            return lambda number: modes.CBC(_essiv(key, number))
    raise _unknown(spec, len(key))


def _tweak(number: int) -> bytes:
    return number.to_bytes(_BLOCK, 'little')


def _essiv(key: bytes, number: int) -> bytes:
    """Encrypt the number with the hashed key."""
    # One block in CBC from zero is the same as in ECB.
    salt = algorithms.AES(hashing.digest('sha256', key))
    cipher = ciphers.Cipher(salt, modes.CBC(bytes(_BLOCK)))
    return cipher.encryptor().update(_tweak(number))


def _unknown(spec: str, size: int) -> untrusted.NotCheckable:
    return untrusted.NotCheckable(
        f'The LUKS header uses the cipher {untrusted.quoted(spec)} with a '
        f'key of {size * 8} bits, which is not available here.'
    )
