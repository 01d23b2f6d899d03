# SPDX-License-Identifier: Apache-2.0
"""Writing the bytes of a file into a repository, and reading them."""

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import functools

from backupclient.store import base
from backupclient.store import courses
from backupclient.store.programs import child
from backupclient.store.restic import repos
from backupclient.store.restic import troubles

FIRST = 1 << 20
"""The number of bytes that are gathered before restic is started.

A file up to this size is small. Of a larger file, these first bytes are sent
again after each try that found the repository locked. They suffice to find
that out: the buffer of the stream is smaller, and restic reads nothing before
it has its lock.
"""

_ZEROS = bytes(base.BLOCK)


class Feed:
    """A snapshot of a stream that is being made.

    The last block is held back until the whole stream is known to be valid.

    :param start: starts restic.
    :param first: the first bytes of the stream.
    :raises TargetError: if restic fails, or the repository is locked for too
        long.
    """

    def __init__(
        self,
        repository: repos.Repository,
        start: Callable[[], child.Child],
        first: bytes,
    ) -> None:
        self._name = repository.name
        self._stack = contextlib.ExitStack()
        self._held = b''
        begin = functools.partial(self._begin, start, first)
        self._child = repository.patiently(begin, repos.BUSY_PATIENCE)

    def data(self, block: bytes) -> None:
        """Send the block that was held back, and hold back the next one.

        :raises TargetError: if restic has failed.
        """
        held, self._held = self._held, block
        self._send(self._child, held)

    def end(self) -> tuple[str, int]:
        """End the stream. To be called only if it is complete and valid.

        :returns: the ID of the snapshot, and the number of bytes in it.
        :raises TargetError: if restic has failed.
        """
        self._send(self._child, self._held)
        try:
            self._child.end_stream()
            out = self._child.require_done().out
        except troubles.Failures as error:
            raise troubles.feeding(self._name, error) from error
        found = repos.summary(self._name, out)
        return str(found['snapshot_id']), int(found['total_bytes_processed'])

    def close(self) -> None:
        """End restic if it is still running; then no snapshot is made."""
        self._stack.close()

    def _begin(
        self, start: Callable[[], child.Child], first: bytes
    ) -> child.Child:
        with contextlib.ExitStack() as stack:
            started = stack.enter_context(start())
            # Hold back only one byte: that is enough to keep the file
            # incomplete, and restic gets as many bytes as possible.
            self._held = first[-1:]
            self._send(started, first[:-1])
            self._stack = stack.pop_all()
        return started

    def _send(self, started: child.Child, block: bytes) -> None:
        try:
            started.send(block)
        except troubles.Failures as error:
            raise troubles.feeding(self._name, error) from error


@dataclasses.dataclass(frozen=True, slots=True)
class New:
    """A snapshot of one file that is being made.

    :param run: the folder of the file in the store.
    :param inside: the path of the file there.
    """

    run: str
    inside: str
    feed: Feed


class Writer:
    """Writes a file.

    :param course: the position in the file.
    :param begin: starts a snapshot with the first bytes.
    :param keep: completes the snapshot of a large file, or stores the bytes
        of a small one; its second argument is the size of the file.
    """

    def __init__(
        self,
        course: courses.Course,
        begin: Callable[[bytes], New],
        keep: Callable[[bytes | New, int], None],
    ) -> None:
        self.kept = 0
        self.file: int | None = None
        self._course = course
        self._begin = begin
        self._keep = keep
        self._first = bytearray()
        self._new: New | None = None

    def earlier(self) -> Iterator[bytes]:
        yield from ()

    def data(self, offset: int, block: base.Block, /) -> None:
        self._course.advance(offset, len(block))
        self._add(bytes(block))

    def hole(self, offset: int, length: int, /) -> None:
        self._course.advance(offset, length)
        for at in range(0, length, base.BLOCK):
            self._add(_ZEROS[: length - at])

    def commit(self) -> None:
        self._course.require_end()
        self._keep(self._new or bytes(self._first), self._course.end)

    def abort(self) -> None:
        self._first.clear()
        if self._new:
            self._new.feed.close()

    def _add(self, block: bytes) -> None:
        if self._new:
            self._new.feed.data(block)
            return
        self._first += block
        if len(self._first) > FIRST:
            self._new = self._begin(bytes(self._first))
            self._first.clear()


class Stream:
    """Reads a file from its start.

    :param name: the name of the repository, for messages.
    :param path: the path of the file, for messages.
    :param running: restic, which writes the file to its stdout.
    """

    def __init__(self, name: str, path: str, running: child.Child) -> None:
        self._name = name
        self._path = path
        self._running = running

    def read(self, size: int, /) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: self.read_into(buffer)])

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        if not len(buffer):
            return 0
        try:
            return self._running.read_into(buffer)
        except troubles.Failures as error:
            raise troubles.reading(self._name, self._path, error)  # noqa: B904

    def pass_hole(self, most: int, /) -> int:
        return 0

    def skip(self, count: int) -> None:
        """Skip bytes: restic can write a file only from its start."""
        buffer = memoryview(bytearray(base.BLOCK))
        while count and (read := self.read_into(buffer[:count])):
            count -= read


class Held:
    """Reads a small file that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def read(self, size: int, /) -> bytes:
        block, self._rest = self._rest[:size], self._rest[size:]
        return bytes(block)

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        block = self.read(len(buffer))
        memoryview(buffer)[: len(block)] = block
        return len(block)

    def pass_hole(self, most: int, /) -> int:
        return 0
