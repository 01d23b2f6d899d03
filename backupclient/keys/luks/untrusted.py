# SPDX-License-Identifier: Apache-2.0
"""Read an untrusted file, whose numbers may all be forged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

# The largest offset to read. Two headers and the largest area for key slots
# take 136 MiB (``lib/luks2/luks2_internal.h`` of cryptsetup).
_FARTHEST = 1 << 28


class NotCheckable(Exception):
    """It cannot be checked whether a key is right; the text says why."""


class Stream(Protocol):
    """The bytes of a disk image, from an offset to the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; fewer than ``size`` only at the end."""


Image = Callable[[int], AbstractContextManager[Stream]]
"""A function that opens a disk image at an offset."""


class Source:
    """A disk image with random access; each part is read once and cached."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._known: dict[tuple[int, int], bytes] = {}

    def start(self, size: int) -> bytes:
        """Return the first bytes; fewer if the file is shorter."""
        return self._read(0, size)

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly ``size`` bytes.

        :raises NotCheckable: if the file ends before, or the offset is too
            large for a header.
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
    """Return a value if it is from ``low`` to ``high``, both included.

    :param what: the kind of value, for the message.
    :raises NotCheckable: if it is not.
    """
    if not low <= value <= high:
        raise NotCheckable(
            f'The LUKS header is damaged: {what} is impossible.'
        )
    return value


def quoted(text: str) -> str:
    """Return a header's text for a message: short and in ASCII."""
    return ascii(text[:40])
