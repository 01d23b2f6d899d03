# SPDX-License-Identifier: Apache-2.0
"""Decrypt the sectors of a disk as dm-crypt does.

A call into OpenSSL for each sector of 512 bytes costs more time than its
decryption. So one call decrypts many sectors. The parts that differ between
sectors (IVs and masks) are computed for all of them together, with large
integers that have one lane of 128 bits for each sector.
"""

import array
from collections.abc import Callable
import functools

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import modes

from backupclient.keys.luks import hashing
from backupclient.keys.luks import untrusted

SECTOR = 512
_BLOCK = 16
_BITS = _BLOCK * 8
_PIECE = 1 << 17

_Numbers = Callable[[int, int, int], bytes]
"""A function that returns a block (16 bytes) for each sector, from the first
sector's number, the count of sectors and the step between numbers."""

_Open = Callable[[bytes, bytes], bytes]
"""A function that decrypts sectors, given those blocks."""


class Sectors:
    """Decrypts sectors of one size with one key.

    :param spec: cipher, mode and IV, such as ``aes-xts-plain64``.
    :param size: the size of a sector in bytes: a power of 2 from 512 to 4096.
    :raises NotCheckable: if the cipher is not supported.
    """

    def __init__(self, spec: str, key: bytes, size: int = SECTOR) -> None:
        self._size = size
        try:
            self._numbers, self._open = _parts(spec, key, size)
        except ValueError:
            raise _unknown(spec, len(key)) from None

    def decrypt(self, data: bytes, first: int = 0) -> bytes:
        """Decrypt whole sectors.

        :param first: the number of the first sector. dm-crypt counts in units
            of 512 bytes, whatever the size of a sector.
        """
        return b''.join(
            self._decrypt(
                data[start : start + _PIECE], first + start // SECTOR
            )
            for start in range(0, len(data), _PIECE)
        )

    def _decrypt(self, data: bytes, first: int) -> bytes:
        count, step = len(data) // self._size, self._size // SECTOR
        return self._open(data, self._numbers(first, count, step))


def decrypt(spec: str, key: bytes, data: bytes) -> bytes:
    """Decrypt sectors of 512 bytes that are numbered from 0.

    :param spec: cipher, mode and IV, such as ``aes-xts-plain64``.
    :raises NotCheckable: if the cipher is not supported.
    """
    return Sectors(spec, key).decrypt(data)


def _parts(spec: str, key: bytes, size: int) -> tuple[_Numbers, _Open]:
    """Return the functions that number the sectors and decrypt them.

    :raises ValueError: if the key has a wrong size.
    """
    match spec.split('-'):
        case 'aes', 'xts', 'plain' | 'plain64' as kind:
            return _counting(kind), _xts(key, size)
        case 'aes', 'cbc', 'plain' | 'plain64' as kind:
            return _counting(kind), _Cbc(key, size)
        case 'aes', 'cbc', 'essiv:sha256':
            return _essiv(key), _Cbc(key, size)
    raise _unknown(spec, len(key))


@functools.lru_cache(maxsize=4)
def _lanes(count: int) -> tuple[int, int]:
    """Return two integers: 1 in each lane, and 0, 1, 2, ... in the lanes."""
    ones = int.from_bytes((1).to_bytes(_BLOCK, 'little') * count, 'little')
    indexes = (index.to_bytes(_BLOCK, 'little') for index in range(count))
    return ones, int.from_bytes(b''.join(indexes), 'little')


def _counting(kind: str) -> _Numbers:
    # "plain" uses only the lower 32 bits of the number.
    most = (1 << 32 if kind == 'plain' else 1 << 64) - 1

    def numbers(first: int, count: int, step: int) -> bytes:
        ones, indexes = _lanes(count)
        lanes = (ones * first + indexes * step) & (ones * most)
        return lanes.to_bytes(count * _BLOCK, 'little')

    return numbers


def _essiv(key: bytes) -> _Numbers:
    """Return the numbering of ESSIV: numbers encrypted with the hashed key."""
    encryptor = _blocks(hashing.digest('sha256', key)).encryptor()
    plain = _counting('plain64')

    def numbers(first: int, count: int, step: int) -> bytes:
        return encryptor.update(plain(first, count, step))

    return numbers


def _xts(key: bytes, size: int) -> _Open:
    if len(key) not in (32, 64):
        raise ValueError
    # For sectors larger than 512 bytes, a call for each sector is faster.
    return _LargeXts(key, size) if size > SECTOR else _Xts(key, size)


class _LargeXts:
    """XTS with a call for each sector."""

    def __init__(self, key: bytes, size: int) -> None:
        self._algorithm = algorithms.AES(key)
        self._size = size

    def __call__(self, data: bytes, numbers: bytes) -> bytes:
        plain = bytearray(len(data))
        source, target, size = memoryview(data), memoryview(plain), self._size
        for index, start in enumerate(range(0, len(data), size)):
            number = numbers[index * _BLOCK : (index + 1) * _BLOCK]
            cipher = ciphers.Cipher(self._algorithm, modes.XTS(number))
            sector = slice(start, start + size)
            cipher.decryptor().update_into(source[sector], target[sector])
        return bytes(plain)


class _Xts:
    """XTS with one call for many sectors (IEEE 1619).

    A block is masked, decrypted and masked again. The mask of a sector's
    first block is its encrypted number. The mask of the next block is the
    last one multiplied by x in GF(2^128).
    """

    def __init__(self, key: bytes, size: int) -> None:
        half = len(key) // 2
        self._blocks = size // _BLOCK
        self._data = _blocks(key[:half]).decryptor()
        self._mask = _blocks(key[half:]).encryptor()

    def __call__(self, data: bytes, numbers: bytes) -> bytes:
        masks = self._masks(numbers)
        masked = int.from_bytes(data, 'little') ^ masks
        plain = self._data.update(masked.to_bytes(len(data), 'little'))
        result = int.from_bytes(plain, 'little') ^ masks
        return result.to_bytes(len(data), 'little')

    def _masks(self, numbers: bytes) -> int:
        """Return the masks of all blocks, concatenated, as an integer."""
        ones, _ = _lanes(len(numbers) // _BLOCK)
        low = ones * ((1 << _BITS - 1) - 1)
        words = array.array('Q', bytes(len(numbers) * self._blocks))
        lanes = int.from_bytes(self._mask.update(numbers), 'little')
        for block in range(self._blocks):
            blocks = lanes.to_bytes(len(numbers), 'little')
            _put(words, self._blocks, block, blocks)
            carries = (lanes >> _BITS - 1) & ones
            # x^128 is x^7 + x^2 + x + 1, so a carried bit comes back as 0x87.
            lanes = (lanes & low) << 1 ^ carries * 0x87
        return int.from_bytes(words, 'little')


class _Cbc:
    """CBC with one call for many sectors.

    All sectors are decrypted as one chain. Then only the first block of each
    sector is wrong: it was combined with the last encrypted block of the
    previous sector instead of its own IV. That is corrected afterwards.
    """

    def __init__(self, key: bytes, size: int) -> None:
        if len(key) not in (16, 24, 32):
            raise ValueError
        self._algorithm = algorithms.AES(key)
        self._blocks = size // _BLOCK

    def __call__(self, data: bytes, numbers: bytes) -> bytes:
        start = modes.CBC(bytes(_BLOCK))
        cipher = ciphers.Cipher(self._algorithm, start)
        plain = array.array('Q', cipher.decryptor().update(data))
        ends = _take(array.array('Q', data), self._blocks, self._blocks - 1)
        before = bytes(_BLOCK) + ends[:-_BLOCK]
        firsts = _take(plain, self._blocks, 0)
        _put(plain, self._blocks, 0, _xor(firsts, before, numbers))
        return plain.tobytes()


def _blocks(key: bytes) -> ciphers.Cipher[modes.ECB]:
    """Return the cipher that handles each block on its own (ECB)."""
    # ECB is only a building block here for the modes XTS, CBC and ESSIV.
    return ciphers.Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305


def _put(
    words: 'array.array[int]', blocks: int, block: int, values: bytes
) -> None:
    """Set the block with that index in each sector."""
    halves = array.array('Q', values)
    for half in range(2):
        words[2 * block + half :: 2 * blocks] = halves[half::2]


def _take(words: 'array.array[int]', blocks: int, block: int) -> bytes:
    """Return the block with that index of each sector."""
    halves = array.array('Q', bytes(len(words) // blocks * 8))
    for half in range(2):
        halves[half::2] = words[2 * block + half :: 2 * blocks]
    return halves.tobytes()


def _xor(*values: bytes) -> bytes:
    mixed = 0
    for value in values:
        mixed ^= int.from_bytes(value, 'little')
    return mixed.to_bytes(len(values[0]), 'little')


def _unknown(spec: str, size: int) -> untrusted.NotCheckable:
    return untrusted.NotCheckable(
        f'The LUKS header uses the cipher {untrusted.quoted(spec)} with a '
        f'key of {size * 8} bits, which is not available here.'
    )
