# SPDX-License-Identifier: Apache-2.0
"""Read a file for which nobody vouches: every number in it may be hostile."""

import os
from typing import BinaryIO


class NotCheckable(Exception):
    """A key can be neither proved nor refuted; the text says why."""


class Source:
    """A disk image, read here and there.

    :param file: opened for reading; it can seek.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    def read(self, offset: int, size: int) -> bytes:
        """Give exactly ``size`` bytes.

        :raises NotCheckable: when the file ends before.
        """
        data = b''
        if offset < self.size:
            self._file.seek(offset)
            data = self._file.read(size)
        if len(data) < size:
            raise NotCheckable(
                f'The file is not complete: it has {self.size} bytes, and '
                'its LUKS header goes further.'
            )
        return data


def within(what: str, value: int, low: int, high: int) -> int:
    """Give the value when it is from ``low`` to ``high``, both included.

    :raises NotCheckable: otherwise.
    """
    if not low <= value <= high:
        raise NotCheckable(
            f'The LUKS header is damaged: {what} is impossible.'
        )
    return value


def quoted(text: str) -> str:
    """Make words of a header fit for a message: short, without escapes."""
    return ascii(text[:40])
