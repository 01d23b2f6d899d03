# SPDX-License-Identifier: Apache-2.0
"""Reading and writing the bytes of a file with rclone."""

from collections.abc import Callable, Iterator
import contextlib
from typing import Protocol

from backupclient import errors
from backupclient.store import base
from backupclient.store import courses
from backupclient.store.programs import child
from backupclient.store.rclone import program

_ZEROS = bytes(base.BLOCK)


class Hash(Protocol):
    """A hash of hashlib."""

    def update(self, block: base.Block, /) -> None:
        """Hash the next bytes."""

    def hexdigest(self) -> str:
        """Return the hash of all bytes."""


class Writer:
    """Writes a file by feeding rclone.

    If a stream ends too early, rclone stores it as a file without an error.
    So its stdin is ended only in :meth:`commit`, and the last block is held
    back until then.

    :param rclone: calls rclone.
    :param path: the path of the file in the store.
    :param size: the size of the complete file, None if it is not known.
    :param hash_: the hash that is updated with the written bytes.
    :param prove: raises TargetError unless the file in the store has this
        size and this hash.
    :param whole: is called when the file is complete.
    :param occupied: the path exists already, so :meth:`commit` will fail.
    """

    kept = 0
    file: int | None = None

    def __init__(
        self,
        rclone: program.Program,
        path: str,
        size: int | None,
        hash_: Hash,
        prove: Callable[[str, int, str], None],
        whole: Callable[[], None] = lambda: None,
        *,
        occupied: bool,
    ) -> None:
        self._rclone = rclone
        self._path = path
        self._size = size
        self._hash = hash_
        self._prove = prove
        self._whole = whole
        self._occupied = occupied
        self._course = courses.Course(f'{rclone.name}/{path}', size, 0)
        self._held = b''
        self._child: child.Child | None = None
        self._is_whole = False

    @property
    def is_partial(self) -> bool:
        """True if the store may have an incomplete part of the file."""
        return self._child is not None and not self._is_whole

    def earlier(self) -> Iterator[bytes]:
        return iter(())

    def data(self, offset: int, block: base.Block, /) -> None:
        self._course.advance(offset, len(block))
        if self._occupied or not len(block):
            return
        if self._held:
            self._feed(self._held)
        self._held = bytes(block)
        self._hash.update(self._held)

    def hole(self, offset: int, length: int, /) -> None:
        for at in range(offset, offset + length, base.BLOCK):
            self.data(at, _ZEROS[: offset + length - at])

    def commit(self) -> None:
        if self._occupied:
            raise errors.TargetError(
                f'{self._rclone.name}/{self._path} is there already and is '
                'not replaced.'
            )
        self._course.require_end()
        try:
            fed = self._fed()
            if self._held:
                fed.send(self._held)
            fed.end_stream()
            fed.require_done()
        except errors.TargetError as error:
            raise self._broken(error) from error
        self._prove(self._path, self._course.end, self._hash.hexdigest())
        self._is_whole = True
        self._whole()

    def abort(self) -> None:
        """End rclone without ending its stdin, so that it stores no file."""
        if self._child is not None:
            self._child.stop()

    def _feed(self, block: bytes) -> None:
        try:
            self._fed().send(block)
        except errors.TargetError as error:
            raise self._broken(error) from error

    def _fed(self) -> child.Child:
        if self._child is None:
            known = () if self._size is None else ('--size', str(self._size))
            self._child = self._rclone.start(
                ('rcat', *known), self._path, fed=True
            )
        return self._child

    def _broken(self, error: errors.TargetError) -> errors.TargetError:
        return errors.TargetLost(
            str(self._rclone.trouble(self._path, 'written', error))
        )


class Stream:
    """Reads a file that rclone writes to its stdout.

    :param offset: the offset of the first byte.
    :param size: the number of bytes from there to the end of the file.
    """

    def __init__(
        self, rclone: program.Program, path: str, offset: int, size: int
    ) -> None:
        self._rclone = rclone
        self._path = path
        self._offset = offset
        self._left = size
        self._child: child.Child | None = None

    def read(self, size: int, /) -> bytes:
        buffer = bytearray(min(size, self._left))
        del buffer[self.read_into(buffer) :]
        return bytes(buffer)

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        view = memoryview(buffer)[: self._left]
        if not view:
            return 0
        try:
            count = self._given().read_into(view)
        except errors.TargetError as error:
            raise self._rclone.trouble(self._path, 'read', error) from error
        self._left -= count
        if count < len(view):
            raise errors.TargetError(
                f'{self._rclone.name}/{self._path} ended {self._left:,} bytes '
                'too early.'
            )
        return count

    def pass_hole(self, most: int, /) -> int:
        return 0

    def close(self) -> None:
        """End rclone, even if it has not written the whole file."""
        if self._child is not None:
            self._child.stop()

    def _given(self) -> child.Child:
        if self._child is None:
            start = ('--offset', str(self._offset)) if self._offset else ()
            count = ('--count', str(self._left))
            self._child = self._rclone.start(
                ('cat', *start, *count), self._path, fed=False
            )
        return self._child


@contextlib.contextmanager
def closing(stream: Stream) -> Iterator[Stream]:
    """Close a stream with the context."""
    try:
        yield stream
    finally:
        stream.close()
