# SPDX-License-Identifier: Apache-2.0
"""Read a LUKS1 header: a fixed big-endian structure with eight key slots."""

from collections.abc import Iterator
import struct
from typing import NamedTuple

from backupclient.keys.luks import diskcipher
from backupclient.keys.luks import kdfs
from backupclient.keys.luks import keyslot
from backupclient.keys.luks import payloads
from backupclient.keys.luks import untrusted

_HEADER = struct.Struct('>8x32s32s32sII20s32sI40x')
_SLOT = struct.Struct('>II32sII')
_SLOTS = 8
_ACTIVE = 0x00AC71F3
_INACTIVE = 0x0000DEAD


class _Header(NamedTuple):
    cipher: bytes
    mode: bytes
    hash: bytes
    payload_sector: int
    key_size: int
    digest: bytes
    digest_salt: bytes
    digest_iterations: int


def keyslots(source: untrusted.Source) -> tuple[keyslot.Keyslot, ...]:
    """Return the key slots in use.

    :raises NotCheckable: if the header is damaged.
    """
    return tuple(_keyslots(source, _header(source)))


def payload(source: untrusted.Source) -> payloads.Payload:
    """Return the place and the cipher of the encrypted data.

    :raises NotCheckable: if the header is damaged.
    """
    header = _header(source)
    offset = header.payload_sector * diskcipher.SECTOR
    return payloads.Payload(offset, _cipher(header))


def _header(source: untrusted.Source) -> _Header:
    return _Header(*_HEADER.unpack(source.read(0, _HEADER.size)))


def _cipher(header: _Header) -> str:
    return f'{_text(header.cipher)}-{_text(header.mode)}'


def _keyslots(
    source: untrusted.Source, header: _Header
) -> Iterator[keyslot.Keyslot]:
    hash_name = _text(header.hash)
    table = source.read(_HEADER.size, _SLOTS * _SLOT.size)
    for active, iterations, salt, sector, stripes in _SLOT.iter_unpack(table):
        if active == _INACTIVE:
            continue
        untrusted.within('the state of a key slot', active, _ACTIVE, _ACTIVE)
        keyslot.check_stripes(stripes)
        yield keyslot.Keyslot(
            kdf=kdfs.Pbkdf2(hash_name, salt, iterations),
            cipher=_cipher(header),
            cipher_key_size=header.key_size,
            offset=sector * diskcipher.SECTOR,
            key_size=header.key_size,
            stripe_hash=hash_name,
            digest=keyslot.Digest(
                kdfs.Pbkdf2(
                    hash_name, header.digest_salt, header.digest_iterations
                ),
                header.digest,
            ),
        )


def _text(field: bytes) -> str:
    """Return the text in a field that is padded with zeros."""
    return field.partition(b'\0')[0].decode('ascii', 'replace')
