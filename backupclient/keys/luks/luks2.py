# SPDX-License-Identifier: Apache-2.0
"""Read a LUKS2 header: a structure and a JSON text, with a checksum."""

import base64
from collections.abc import Iterator
import json
import struct
from typing import TypeVar

from backupclient.keys.luks import hashing
from backupclient.keys.luks import kdfs
from backupclient.keys.luks import keyslot
from backupclient.keys.luks import payloads
from backupclient.keys.luks import untrusted

_T = TypeVar('_T')

_HEADER = struct.Struct('>8xQ56x32s344x64s')
_CHECKSUM_OFFSET = 448
_JSON_OFFSET = 4096
_MOST_SLOTS = 32


def keyslots(source: untrusted.Source) -> tuple[keyslot.Keyslot, ...]:
    """Return the key slots that open the volume.

    :raises NotCheckable: if the header is damaged.
    """
    metadata = _metadata(source)
    return tuple(_keyslots(metadata))


def payload(source: untrusted.Source) -> payloads.Payload:
    """Return the place and the cipher of the encrypted data.

    :raises NotCheckable: if the header is damaged, or the volume has
        unsupported features.
    """
    metadata = _metadata(source)
    config = _field(metadata, 'config', dict)
    segments = _field(metadata, 'segments', dict)
    # A volume has several segments while it is being re-encrypted.
    if _required(config) or list(segments) != ['0']:
        raise _unknown_layout()
    return _segment(segments['0'])


def _required(config: object) -> list[object]:
    """Return the names of the features that a reader must support."""
    if isinstance(config, dict) and 'requirements' not in config:
        return []
    return _field(_field(config, 'requirements', dict), 'mandatory', list)


def _segment(node: object) -> payloads.Payload:
    kind, size = _field(node, 'type', str), _field(node, 'size', str)
    if kind != 'crypt' or not isinstance(node, dict):
        raise _unknown_layout()
    if not {'integrity', 'flags'}.isdisjoint(node):
        raise _unknown_layout()
    return payloads.Payload(
        offset=_number(node, 'offset'),
        cipher=_field(node, 'encryption', str),
        sector_size=_field(node, 'sector_size', int),
        first=_number(node, 'iv_tweak'),
        size=None if size == 'dynamic' else _number(node, 'size'),
        version=2,
    )


def _metadata(source: untrusted.Source) -> object:
    """Return the value of the JSON text, after checking the checksum."""
    size, algorithm, checksum = _HEADER.unpack(source.read(0, _HEADER.size))
    untrusted.within('the size of the header', size, 1 << 14, 1 << 22)
    header = source.read(0, size)
    # The checksum covers the header with zeros in place of the checksum.
    blank = (
        header[:_CHECKSUM_OFFSET]
        + bytes(len(checksum))
        + header[_HEADER.size :]
    )
    hash_name = algorithm.rstrip(b'\0').decode('ascii', 'replace')
    if not checksum.startswith(hashing.digest(hash_name, blank)):
        raise _damaged('its checksum does not fit')
    text = header[_JSON_OFFSET:].partition(b'\0')[0]
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged('it is no JSON text') from None
    return value


def _keyslots(metadata: object) -> Iterator[keyslot.Keyslot]:
    digests = _digests(metadata)
    nodes = _field(metadata, 'keyslots', dict)
    untrusted.within('the number of key slots', len(nodes), 0, _MOST_SLOTS)
    for name, node in nodes.items():
        # A slot without a digest contains another key than the volume key.
        if name in digests:
            yield _keyslot(node, digests[name])


def _keyslot(node: object, digest: keyslot.Digest) -> keyslot.Keyslot:
    area = _field(node, 'area', dict)
    stripes = _field(node, 'af', dict)
    keyslot.check_stripes(_field(stripes, 'stripes', int))
    return keyslot.Keyslot(
        kdf=_kdf(_field(node, 'kdf', dict)),
        cipher=_field(area, 'encryption', str),
        cipher_key_size=_field(area, 'key_size', int),
        offset=_number(area, 'offset'),
        key_size=_field(node, 'key_size', int),
        stripe_hash=_field(stripes, 'hash', str),
        digest=digest,
    )


def _kdf(node: object) -> kdfs.Kdf:
    kind = _field(node, 'type', str)
    match kind:
        case 'pbkdf2':
            return _pbkdf2(node)
        case 'argon2i' | 'argon2id':
            return kdfs.Argon2(
                variant=kind,
                salt=_binary(node, 'salt'),
                passes=_field(node, 'time', int),
                memory_kib=_field(node, 'memory', int),
                lanes=_field(node, 'cpus', int),
            )
    raise untrusted.NotCheckable(
        f'The LUKS header uses {untrusted.quoted(kind)} to derive keys, '
        'which is not known here.'
    )


def _pbkdf2(node: object) -> kdfs.Pbkdf2:
    return kdfs.Pbkdf2(
        hash=_field(node, 'hash', str),
        salt=_binary(node, 'salt'),
        iterations=_field(node, 'iterations', int),
    )


def _digests(metadata: object) -> dict[str, keyslot.Digest]:
    """Return the digest of each key slot that opens a segment, by name."""
    nodes = _field(metadata, 'digests', dict)
    untrusted.within('the number of digests', len(nodes), 0, _MOST_SLOTS)
    found = {}
    for node in nodes.values():
        if _field(node, 'segments', list):
            digest = keyslot.Digest(_pbkdf2(node), _binary(node, 'digest'))
            for name in _field(node, 'keyslots', list):
                if isinstance(name, str):
                    found[name] = digest
    return found


def _field(node: object, name: str, kind: type[_T]) -> _T:
    """Return a field, which must exist and have that type."""
    value = node.get(name) if isinstance(node, dict) else None
    if not isinstance(value, kind):
        raise _damaged(f'{name} is missing or of the wrong type')
    return value


def _binary(node: object, name: str) -> bytes:
    """Return the bytes of a field in base64."""
    try:
        return base64.b64decode(_field(node, name, str), validate=True)
    except ValueError:
        raise _damaged(f'{name} is not base64') from None


def _number(node: object, name: str) -> int:
    """Return a number that LUKS2 writes as a text, since it can be large."""
    text = _field(node, name, str)
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _damaged(f'{name} is no number')
    return int(text)


def _unknown_layout() -> untrusted.NotCheckable:
    return untrusted.NotCheckable(
        'The data of the LUKS volume have a layout that is not known here: '
        'integrity protection, or an encryption that is not finished. Open '
        'it with "cryptsetup open".'
    )


def _damaged(what: str) -> untrusted.NotCheckable:
    return untrusted.NotCheckable(f'The LUKS header is damaged: {what}.')
