# SPDX-License-Identifier: Apache-2.0
"""The interfaces for reading and writing the bytes of files in a store."""

from collections.abc import Iterator
from typing import Protocol

Block = bytes | bytearray | memoryview


class Stream(Protocol):
    """The bytes of a file, from an offset to the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes.

        :returns: as many bytes as asked for; less only at the end of the
            file, where finally ``b''`` is returned.
        :raises TargetError: if the file cannot be read.
        """


class FileStream(Stream, Protocol):
    """The bytes of a file in a store, which can be read without copies."""

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        """Read the next bytes into a buffer that can be reused.

        :returns: the number of bytes. The buffer is filled except at the end
            of the file and, if :meth:`pass_hole` is used, before a hole. 0
            means the end.
        :raises TargetError: if the file cannot be read.
        """

    def pass_hole(self, most: int, /) -> int:
        """Skip a hole: zeros that take no space and need not be read.

        :param most: the number of bytes to skip at most.
        :returns: the number of skipped bytes. 0 means that no hole follows,
            or that the store does not know: read the next bytes.
        :raises TargetError: if the file cannot be read.
        """


class Writer(Protocol):
    """A file that is being written, strictly forwards.

    :param kept: the number of bytes that an earlier try has left. Writing
        continues behind them. A power cut may have damaged them.
    :param file: a descriptor with which another program may write data into
        holes; None if the file is not in a folder of this machine.
    """

    kept: int
    file: int | None

    def earlier(self) -> Iterator[bytes]:
        """Yield the bytes that an earlier try has left, from the start."""

    def data(self, offset: int, block: Block, /) -> None:
        """Write the next bytes. The block can be reused afterwards.

        :param offset: the end of the bytes that are written already.
        :raises TargetError: if they cannot be written.
        """

    def hole(self, offset: int, length: int, /) -> None:
        """Write zeros, as a hole if the store can do that.

        :param offset: the end of the bytes that are written already.
        :raises TargetError: if they cannot be written.
        """

    def commit(self) -> None:
        """Make the file durable, then give it its path.

        :raises TargetError: if the path exists, if the size is not the one
            given before, or if it cannot be written.
        """

    def abort(self) -> None:
        """Delete the written bytes, including those of earlier tries."""
