# SPDX-License-Identifier: Apache-2.0
"""Content that is known: bytes to put into volumes and images, and sums."""

from __future__ import annotations

import hashlib
import os
import pathlib

from devcloud import settings

MIB = 1 << 20
GIB = 1 << 30


def content(label: str, mib: int = 32) -> bytes:
    """Make content: every other MiB random, a label at both ends."""
    data = bytearray(
        b''.join(
            bytes(MIB) if number % 2 else os.urandom(MIB)
            for number in range(mib)
        )
    )
    mark = f'devcloud {label}\n'.encode()
    data[: len(mark)] = mark
    data[-len(mark) :] = mark
    return bytes(data)


def keep(label: str, mib: int = 32) -> tuple[pathlib.Path, bytes]:
    """Make content and keep it as a file under STATE/data/known."""
    path = settings.DATA / f'known/{label}.raw'
    data = content(label, mib)
    path.write_bytes(data)
    return path, data


def sums(data: bytes, size: int = 0) -> dict[str, int | str]:
    """Give the sums of `data` and, with `size`, of it with zeros after."""
    digest = hashlib.sha256(data)
    found: dict[str, int | str] = {
        'bytes': len(data),
        'sha256': digest.hexdigest(),
    }
    if size:
        left = size - len(data)
        while left:
            step = min(left, 4 * MIB)
            digest.update(bytes(step))
            left -= step
        found |= {'size': size, 'sha256_whole': digest.hexdigest()}
    return found
