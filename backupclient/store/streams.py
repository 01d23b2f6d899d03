# SPDX-License-Identifier: Apache-2.0
"""The bytes of files in a store, on their way in and out."""

from collections.abc import Iterator
from typing import Protocol

Block = bytes | bytearray | memoryview


class Stream(Protocol):
    """The bytes of a file, from an offset to the end."""

    def read(self, size: int, /) -> bytes:
        """Read the next bytes.

        :returns: as many as asked for, fewer at the end, none behind it.
        :raises TargetError: the file cannot be read.
        """


class FileStream(Stream, Protocol):
    """The bytes of a file in a store, which can be read without copies."""

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        """Read the next bytes into a buffer that can be reused.

        :returns: how many: all that fit, fewer at the end and where a hole
            begins for one who passes over holes, 0 behind the end.
        :raises TargetError: the file cannot be read.
        """

    def pass_hole(self, most: int, /) -> int:
        """Pass over zeros that take no room, so that nobody reads them.

        :param most: bytes to pass over.
        :returns: how many it were. 0 means no hole comes next, or the store
            cannot tell: the next bytes are to be read.
        :raises TargetError: the file cannot be read.
        """


class Writer(Protocol):
    """A file that is being written, strictly forwards.

    :param kept: how many bytes an earlier try has left: writing goes on
        behind them. They may be damaged, as by a power cut.
    :param file: a descriptor, with which another program may write into what
        is a hole; None where the file is not one of this machine.
    """

    kept: int
    file: int | None

    def earlier(self) -> Iterator[bytes]:
        """Read the bytes that an earlier try has left, from the start."""

    def data(self, offset: int, block: Block, /) -> None:
        """Write the next bytes. The block can be reused afterwards.

        :param offset: where all bytes before have ended.
        :raises TargetError: they cannot be written.
        """

    def hole(self, offset: int, length: int, /) -> None:
        """Let zeros follow.

        :param offset: where all bytes before have ended.
        :raises TargetError: they cannot be written.
        """

    def commit(self) -> None:
        """Make the file durable, then give it its path.

        :raises TargetError: something has that path, it is not as long as
            was announced, or it cannot be written.
        """

    def abort(self) -> None:
        """Take away what was written, by earlier tries too."""
