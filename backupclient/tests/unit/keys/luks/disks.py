# SPDX-License-Identifier: Apache-2.0
"""LUKS disks with data, made of the headers that cryptsetup wrote."""

import hashlib

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import modes

from backupclient.keys.luks import proof
from backupclient.keys.luks import untrusted
from backupclient.tests.unit.keys.luks import vectors


def mode(spec: str, key: bytes, number: int) -> modes.Mode:
    """Give the mode of one sector, as dm-crypt has it."""
    _, kind, generator = spec.split('-')
    if generator == 'plain':
        number &= 0xFFFFFFFF
    tweak = number.to_bytes(16, 'little')
    if generator == 'essiv:sha256':
        salt = algorithms.AES(hashlib.sha256(key).digest())
        tweak = ciphers.Cipher(salt, modes.ECB()).encryptor().update(tweak)
    return modes.XTS(tweak) if kind == 'xts' else modes.CBC(tweak)


def disk(plain: bytes, name: str = 'luks1') -> bytes:
    """Encrypt data as a header says.

    :param plain: whole sectors.
    :param name: of the header.
    """
    header = vectors.image(name)
    source = untrusted.Source(vectors.opened(header))
    reader = proof.header(source)
    payload = reader.payload(source)
    found = proof.unlock(source, reader.keyslots(source), vectors.RIGHT)
    size, key = payload.sector_size, found.volume_key
    sectors = [
        ciphers.Cipher(
            algorithms.AES(key), mode(payload.cipher, key, start // 512)
        )
        .encryptor()
        .update(plain[start : start + size])
        for start in range(0, len(plain), size)
    ]
    return header[: payload.offset].ljust(payload.offset, b'\0') + b''.join(
        sectors
    )
