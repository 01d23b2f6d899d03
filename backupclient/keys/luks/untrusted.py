# SPDX-License-Identifier: Apache-2.0
"""Read a file for which nobody vouches: every number in it may be hostile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

# Two headers and the largest area for key slots take 136 MiB
# (``lib/luks2/luks2_internal.h`` of cryptsetup).
_FARTHEST = 1 << 28


class NotCheckable(Exception):
    """A key can be neither proved nor refuted; the text says why."""


class Stream(Protocol):
    """The bytes of a disk image, from an offset to the end."""

    def read(self, size: int, /) -> bytes:
        """Read the next bytes: fewer than asked for only at the end."""


Image = Callable[[int], AbstractContextManager[Stream]]
"""Opens a disk image at an offset."""


class Source:
    """A disk image, read here and there; each part of it is read once."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._known: dict[tuple[int, int], bytes] = {}

    def start(self, size: int) -> bytes:
        """Give the first bytes, fewer where the file is shorter."""
        return self._read(0, size)

    def read(self, offset: int, size: int) -> bytes:
        """Give exactly ``size`` bytes.

        :raises NotCheckable: when the file ends before, or no header goes
            that far.
        """
        within('an offset', offset, 0, _FARTHEST)
        data = self._read(offset, size)
        if len(data) < size:
            raise NotCheckable(
                'The file is not complete: it ends before its LUKS header '
                'does.'
            )
        return data

    def _read(self, offset: int, size: int) -> bytes:
        place = (offset, size)
        if place not in self._known:
            with self._image(offset) as stream:
                self._known[place] = stream.read(size)
        return self._known[place]


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
