# SPDX-License-Identifier: Apache-2.0
"""Reading and writing the bytes of a file of this machine."""

from collections.abc import Iterator
import errno
import os
import pathlib

from backupclient.store import base
from backupclient.store import courses
from backupclient.store import localfile
from backupclient.store import whole


class Writer:
    """Writes a part file."""

    def __init__(
        self,
        place: pathlib.Path,
        new: whole.Pending,
        kept: int,
        course: courses.Course,
    ) -> None:
        self.kept = kept
        self.file: int | None = new.file
        self._place = place
        self._new = new
        self._course = course

    def earlier(self) -> Iterator[bytes]:
        stream = Stream(self._place, self._new.file, 0)
        left = self.kept
        while block := stream.read(min(left, base.BLOCK)):
            yield block
            left -= len(block)

    def data(self, offset: int, block: base.Block, /) -> None:
        self._course.advance(offset, len(block))
        with localfile.troubles(self._place, 'written'):
            localfile.write_at(self._new.file, offset, block)

    def hole(self, offset: int, length: int, /) -> None:
        # Until the commit, the part file must end with its last data: its
        # size tells a later try where to continue.
        self._course.advance(offset, length)

    def commit(self) -> None:
        self._course.require_end()
        with localfile.troubles(self._place, 'written'):
            os.ftruncate(self._new.file, self._course.end)
            try:
                self._new.keep(replace=False)
            except FileExistsError:
                raise OSError(
                    errno.EEXIST, 'something was put there meanwhile'
                ) from None
            self._require_same()

    def abort(self) -> None:
        self._new.drop()

    def _require_same(self) -> None:
        """Raise OSError if the path leads to another file by now."""
        there = os.lstat(self._place)
        if not os.path.samestat(os.fstat(self._new.file), there):
            raise OSError(errno.ENOENT, 'its folder was taken away meanwhile')


class Stream:
    """Reads a file."""

    def __init__(self, place: pathlib.Path, file: int, offset: int) -> None:
        self._place = place
        self._file = file
        self._offset = offset
        # The end of the data at the offset, so that the system is asked for
        # the next hole only once.
        self._data_until = 0

    def read(self, size: int, /) -> bytes:
        with localfile.troubles(self._place, 'read'):
            block = localfile.read_at(self._file, self._offset, size)
        self._offset += len(block)
        return block

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        view = memoryview(buffer)
        if self._offset < self._data_until:
            view = view[: self._data_until - self._offset]
        with localfile.troubles(self._place, 'read'):
            count = localfile.read_into(self._file, self._offset, view)
        self._offset += count
        return count

    def pass_hole(self, most: int, /) -> int:
        if self._offset < self._data_until:
            return 0
        with localfile.troubles(self._place, 'read'):
            data = localfile.next_data(self._file, self._offset)
            if data == self._offset:
                self._data_until = localfile.next_hole(self._file, data)
        passed = min(data - self._offset, most)
        self._offset += passed
        return passed
