# SPDX-License-Identifier: Apache-2.0
"""The headers in ``data``, as bytes that tests can change."""

from collections.abc import Callable
import functools
import gzip
import hashlib
import io
import json
import pathlib
import struct
from typing import Any

from backupclient.keys import material
from backupclient.keys import passphrase

NAMES = ('luks1', 'luks2-pbkdf2', 'luks2-argon2id')
KEY = material.KeyMaterial(
    secret_id='8a1c5e3f-0000-4000-8000-000000000000',
    secret_type='symmetric',
    algorithm='aes',
    bit_length=256,
    payload=bytes(range(32)),
)
RIGHT = passphrase.candidates(KEY)

_DATA = pathlib.Path(__file__).parents[1] / 'data'
_JSON_OFFSET = 4096
_SLOT1_OFFSET = 208
_SLOT1 = struct.Struct('>II32sII')


def opened(content: bytes) -> Callable[[int], io.BytesIO]:
    """Give what opens these bytes at an offset, as a store does."""
    return lambda offset: io.BytesIO(content[offset:])


@functools.cache
def image(name: str) -> bytes:
    """Give a vector as cryptsetup made it."""
    return gzip.decompress((_DATA / f'{name}.img.gz').read_bytes())


def patch(content: bytes, offset: int, new: bytes) -> bytes:
    """Overwrite some bytes."""
    return content[:offset] + new + content[offset + len(new) :]


def slot1(content: bytes, number: int, **changes: int) -> bytes:
    """Copy slot 0 of a LUKS1 header to another number, with changes."""
    names = ('state', 'iterations', 'salt', 'sector', 'stripes')
    values = dict(
        zip(names, _SLOT1.unpack_from(content, _SLOT1_OFFSET), strict=True)
    )
    slot = _SLOT1.pack(*(values | changes).values())
    return patch(content, _SLOT1_OFFSET + number * _SLOT1.size, slot)


def metadata(content: bytes) -> Any:
    """Give the JSON value of a LUKS2 header."""
    return json.loads(content[_JSON_OFFSET:].partition(b'\0')[0])


def with_text(content: bytes, text: bytes) -> bytes:
    """Replace the JSON text of a LUKS2 header, with the right checksum."""
    size = int.from_bytes(content[8:16], 'big')
    room = size - _JSON_OFFSET
    content = patch(content, _JSON_OFFSET, text[:room].ljust(room, b'\0'))
    content = patch(content, 448, bytes(64))
    checksum = hashlib.sha256(content[:size]).digest()
    return patch(content, 448, checksum)


def changed(content: bytes, change: Callable[[Any], object]) -> bytes:
    """Change the JSON value of a LUKS2 header in place."""
    value = metadata(content)
    change(value)
    return with_text(content, json.dumps(value).encode())
