# SPDX-License-Identifier: Apache-2.0
"""A store in memory, for tests and trials."""

from collections.abc import Iterator
import contextlib
import datetime
import errno

from backupclient import errors
from backupclient.store import base
from backupclient.store import courses

ALL = base.Abilities(holes=True, continuing=True, renaming=True)


class Memory(base.Store):
    """The store in memory. Its files are lost with the object.

    :param can: the abilities that it simulates.
    :param room: its capacity in bytes, None for no limit.
    """

    name = 'memory'

    def __init__(
        self, can: base.Abilities = ALL, room: int | None = None
    ) -> None:
        self.can = can
        self.files: dict[str, bytes] = {}
        self.secrecy: dict[str, base.Secrecy] = {}
        self._folders: set[str] = set()
        self._changed: dict[str, datetime.datetime] = {}
        self._room = room

    @contextlib.contextmanager
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> Iterator[base.Writer]:
        self._require_folder(path)
        part = path + base.PART
        if anew or not self.can.continuing:
            self.files.pop(part, None)
        kept = self.files.get(part, b'')
        try:
            yield _Writer(self, path, size, kept)
        finally:
            if not self.can.continuing:
                self.files.pop(part, None)

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        base.parts(path)
        if path not in self.files:
            raise _missing(self, path)
        yield _Stream(self.files[path][offset:])

    def stat(self, path: str) -> base.Entry | None:
        base.parts(path)
        return self._entry(path) if path in self.files else None

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        start = '/'.join((*base.parts(folder), '')) if folder else ''
        return tuple(
            self._entry(path)
            for path in sorted(self.files)
            if path.startswith(start)
        )

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        self._require_folder(path)
        if path in self.files and not replace:
            raise _there_already(self, path)
        self.keep(path, bytes(data))
        self.secrecy[path] = secrecy

    def delete(self, path: str) -> None:
        base.parts(path)
        self.files.pop(path, None)
        self.files.pop(path + base.PART, None)

    def begin(self, folder: str) -> None:
        if self.has(folder):
            raise _there_already(self, folder)
        self._folders.add(folder)

    def has(self, folder: str) -> bool:
        base.parts(folder)
        return folder in self._folders or bool(self.list(folder))

    def folders(self, folder: str = '') -> tuple[str, ...]:
        start = '/'.join((*base.parts(folder), '')) if folder else ''
        paths = [*self.files, *(f'{each}/' for each in self._folders)]
        below = {
            path.removeprefix(start).partition('/')
            for path in paths
            if path.startswith(start)
        }
        return tuple(
            sorted({name for name, slash, _ in below if slash and name})
        )

    def rename(self, old: str, new: str) -> None:
        if not self.can.renaming:
            raise errors.TargetError(f'{self.name} cannot rename {old}.')
        if not self.has(old):
            raise _missing(self, old)
        if self.has(new):
            raise _there_already(self, new)
        for path in [entry.path for entry in self.list(old)]:
            self.keep(new + path.removeprefix(old), self.files.pop(path))
        self._folders.discard(old)
        self._folders.add(new)

    def tidy(self, folder: str) -> None:
        for entry in self.list(folder):
            if entry.path.endswith(base.PART):
                self.files.pop(entry.path)

    def drop(self, folder: str) -> None:
        if not self.list(folder):
            self._folders.discard(folder)

    def free(self) -> int | None:
        if self._room is None:
            return None
        return self._room - sum(map(len, self.files.values()))

    def require_writable(self) -> None:
        if self._room == 0:
            raise errors.TargetError(f'{self.name} takes nothing.')

    def keep(self, path: str, data: bytes) -> None:
        """Store a file.

        :raises TargetError: if it exceeds the free space.
        """
        before = len(self.files.get(path, b''))
        free = self.free()
        if free is not None and free + before < len(data):
            raise errors.TargetError(
                f'{self.name}/{path} cannot be written: {free:,} bytes are '
                'free.'
            ) from OSError(errno.ENOSPC, 'No space left')
        self.files[path] = data
        self._changed[path] = datetime.datetime.now(datetime.UTC)

    def _entry(self, path: str) -> base.Entry:
        return base.Entry(path, len(self.files[path]), self._changed[path])

    def _require_folder(self, path: str) -> None:
        run, *below = base.parts(path)
        if below and not self.has(run):
            raise _missing(self, run)


class _Writer:
    """Writes a file."""

    def __init__(
        self, store: Memory, path: str, size: int | None, kept: bytes
    ) -> None:
        self.kept = len(kept)
        self.file: int | None = None
        self._store = store
        self._path = path
        self._data = bytearray(kept)
        self._course = courses.Course(f'{store.name}/{path}', size, len(kept))
        # Make the part file at once, as other stores do.
        self._keep_part()

    def earlier(self) -> Iterator[bytes]:
        yield bytes(self._data[: self.kept])

    def data(self, offset: int, block: base.Block, /) -> None:
        self._course.advance(offset, len(block))
        self._data += bytes(offset - len(self._data)) + bytes(block)
        self._keep_part()

    def hole(self, offset: int, length: int, /) -> None:
        self._course.advance(offset, length)

    def commit(self) -> None:
        self._course.require_end()
        if self._path in self._store.files:
            raise _there_already(self._store, self._path)
        self._data += bytes(self._course.end - len(self._data))
        self.abort()
        self._store.keep(self._path, bytes(self._data))

    def abort(self) -> None:
        self._store.files.pop(self._path + base.PART, None)

    def _keep_part(self) -> None:
        self._store.keep(self._path + base.PART, bytes(self._data))


class _Stream:
    """Reads a file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int, /) -> bytes:
        block = self._data[self._at : self._at + size]
        self._at += len(block)
        return block

    def read_into(self, buffer: bytearray | memoryview, /) -> int:
        block = self.read(len(buffer))
        memoryview(buffer)[: len(block)] = block
        return len(block)

    def pass_hole(self, most: int, /) -> int:
        rest = self._data[self._at : self._at + most]
        passed = len(rest) - len(rest.lstrip(b'\0'))
        self._at += passed
        return passed


def _missing(store: Memory, path: str) -> errors.TargetError:
    found = errors.TargetError(f'{store.name}/{path} is not there.')
    found.__cause__ = FileNotFoundError(2, 'No such file or directory')
    return found


def _there_already(store: Memory, path: str) -> errors.TargetError:
    return errors.TargetError(f'{store.name}/{path} is there already.')
