# SPDX-License-Identifier: Apache-2.0
"""The bytes of a file on their way into a repository, and out of it."""

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
"""The bytes that are gathered before restic is started.

A file that is no longer is a small one. Of a longer one, so many bytes are
sent again while the repository is locked: restic reads none before it has its
own lock, and less than that fits into the stream.
"""

_ZEROS = bytes(base.BLOCK)


class Feed:
    """A snapshot of a stream that is being made.

    The last block is held back until all is known to be right.

    :param start: starts restic.
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
        """Send what was held back, and hold back the next block.

        :raises TargetError: restic has failed.
        """
        held, self._held = self._held, block
        self._send(self._child, held)

    def end(self) -> tuple[str, int]:
        """End the stream, which is whole and right.

        :returns: the ID of the snapshot, and the bytes in it.
        :raises TargetError: restic has failed.
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
        """End restic, if it has not ended; then there is no snapshot."""
        self._stack.close()

    def _begin(
        self, start: Callable[[], child.Child], first: bytes
    ) -> child.Child:
        with contextlib.ExitStack() as stack:
            started = stack.enter_context(start())
            # Held back is enough that restic sees no end.
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
    """A file that is written.

    :param begin: starts a snapshot with the first bytes.
    :param keep: ends the snapshot of a whole file of so many bytes; or takes
        the bytes of one that is small.
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
    """A file that is read, from its start.

    :param name: of the repository.
    :param path: of the file, for messages.
    :param running: restic, which writes the file.
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
        """Read on to an offset: restic gives a file from its start only."""
        buffer = memoryview(bytearray(base.BLOCK))
        while count and (read := self.read_into(buffer[:count])):
            count -= read


class Held:
    """A small file that is in memory."""

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
