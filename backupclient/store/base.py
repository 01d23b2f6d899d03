# SPDX-License-Identifier: Apache-2.0
"""The contract of a store.

A path in a store is relative and has ``/`` between its parts. Its first part
is usually the folder of a run. Writes are atomic in every store: a path has a
file only when the file is complete. Stores never follow links, and several
threads may use one store.

Errors are :class:`~backupclient.errors.TargetError`; their texts name the
store and the path, and contain the store's own message.
"""

import abc
from collections.abc import Iterable
import contextlib
from contextlib import AbstractContextManager
import datetime

from backupclient import errors
from backupclient.store import facts
from backupclient.store import streams

BLOCK = 512 << 10
"""The size of the blocks that are read and written, in bytes."""

PART = '.part'
"""The suffix of the file that an unfinished write leaves, also in lists."""

Abilities = facts.Abilities
Entry = facts.Entry
Secrecy = facts.Secrecy
Block = streams.Block
Stream = streams.Stream
FileStream = streams.FileStream
Writer = streams.Writer


class Files(abc.ABC):
    """Files by their paths.

    :param name: the place, for people, such as a path of this machine.
    :param can: what the store can do.
    :param instead: what to do if a file is damaged or missing.
    """

    name: str
    can: Abilities
    instead = ''

    @abc.abstractmethod
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> AbstractContextManager[Writer]:
        """Begin a file, or continue the unfinished write of an earlier try.

        If the context ends without a commit, the path has no file. A store
        that can continue keeps the written part for a later try.

        :param size: the size of the complete file, None if it is not known.
        :param anew: delete the part of an earlier try first.
        :raises TargetError: if it cannot be written, or its folder is missing.
        """

    @abc.abstractmethod
    def read(
        self, path: str, offset: int = 0
    ) -> AbstractContextManager[FileStream]:
        """Open a file for reading, at an offset in bytes.

        :raises TargetError: if it does not exist or cannot be read.
        """

    def opened(self, path: str) -> AbstractContextManager[int | None]:
        """Open a file for another program, which gets the descriptor.

        :returns: a descriptor for reading, None if the store is not in a
            folder of this machine.
        :raises TargetError: if it is missing, not plain, or not readable.
        """
        return contextlib.nullcontext()

    @abc.abstractmethod
    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, None if it does not exist.

        :raises TargetError: if it is not a plain file, or cannot be looked up.
        """

    @abc.abstractmethod
    def list(self, folder: str = '') -> tuple[Entry, ...]:
        """Return all files below a folder, sorted by path.

        Entries that are not plain files are included, and so are the parts of
        unfinished writes, with the suffix :data:`PART`.

        :param folder: if it is missing, the list is empty; ``''`` for all.
        :raises TargetError: if the list would be incomplete.
        """

    @abc.abstractmethod
    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: Secrecy = Secrecy.NONE,
    ) -> None:
        """Write a small file atomically.

        :param replace: replace an older file; never a link or a folder.
        :raises TargetError: if it cannot be written, exists and must not be
            replaced, or if the store cannot guarantee the secrecy. Then an
            older file still exists.
        """

    @abc.abstractmethod
    def delete(self, path: str) -> None:
        """Delete a file, and the part that an unfinished write has left.

        Do nothing if it does not exist.

        :raises TargetError: if it cannot be deleted.
        """

    def flush(self) -> None:  # noqa: B027 - most stores gather nothing
        """Store the gathered small files.

        They are lost if this process is killed before. All other files are
        stored when they are written.

        :raises TargetError: if they cannot be stored.
        """

    def dated(self, at: datetime.datetime) -> 'Files':
        """Return the same files, to write data that were captured at a time.

        A store that can record this time records it with the file.

        :param at: when the data were captured, an aware time.
        """
        return self

    def is_stored(self, path: str) -> bool:
        """Return whether a file is stored, and not only gathered."""
        return True

    def fingerprint(self, path: str) -> str:
        """Return a text that changes whenever the file's bytes change.

        A cache relies on it. The file is not read.

        :returns: ``''`` if the store cannot detect every change; then the
            caller has to read the file.
        :raises TargetError: if the file cannot be looked up.
        """
        return ''


class Shelf(Files):
    """A place whose backup sets can be listed and read.

    :param manifests_only: the sets have only a manifest: the backups are in
        the cloud.
    """

    manifests_only = False

    @abc.abstractmethod
    def folders(self, folder: str = '') -> tuple[str, ...]:
        """Return the names of the folders directly in a folder, sorted.

        If the store has only paths, these are the next parts of the paths.
        Links are left out. The content of the folders is not read: it may be
        large, or somebody else's.

        :param folder: if missing, it has none; ``''`` for the store itself.
        :raises TargetError: if the list would be incomplete.
        """

    def folders_with(self, name: str) -> frozenset[str]:
        """Return the folders directly in the store that have a file.

        A folder is included if its file cannot be looked up.

        :param name: the file's name, directly in the folder.
        :raises TargetError: if the list would be incomplete.
        """
        return frozenset(
            folder
            for folder in self.folders()
            if self._may_have(f'{folder}/{name}')
        )

    def _may_have(self, path: str) -> bool:
        try:
            return self.stat(path) is not None
        except errors.TargetError:
            # Something exists, such as a link; the reader will get the error.
            return True


class Store(Shelf):
    """A place that holds backup sets, each in a folder of its own."""

    @abc.abstractmethod
    def begin(self, folder: str) -> None:
        """Make the folder of a run, and the store's own folder if missing.

        :raises TargetError: if the name exists, or the folder cannot be made.
        """

    @abc.abstractmethod
    def has(self, folder: str) -> bool:
        """Return whether anything has the name of a folder.

        :raises TargetError: if that cannot be found out.
        """

    def place_of(self, folder: str) -> str:
        """Return the place of a folder, for people."""
        return f'{self.name}/{folder}'

    @abc.abstractmethod
    def rename(self, old: str, new: str) -> None:
        """Rename a folder.

        :raises TargetError: if the store cannot rename, the folder is missing
            or not this user's own, or the new name exists.
        """

    @abc.abstractmethod
    def tidy(self, folder: str) -> None:
        """Delete parts of unfinished writes, and empty folders.

        All other files are durable afterwards. Do nothing if the folder does
        not exist.

        :raises TargetError: if that fails.
        """

    @abc.abstractmethod
    def drop(self, folder: str) -> None:
        """Delete the folder of a run if it is empty.

        :raises TargetError: if that fails.
        """

    @abc.abstractmethod
    def free(self) -> int | None:
        """Return the free space in bytes, None if it is not known.

        :raises TargetError: if the store cannot be asked.
        """

    @abc.abstractmethod
    def require_writable(self) -> None:
        """Raise TargetError if nothing can be written to the store."""

    def reclaim(self) -> None:
        """Free the space of deleted files, if the store does not do so itself.

        :raises TargetError: if that fails.
        """

    def would_free(self, folders: Iterable[str]) -> str:
        """Return how much space the deletion of some sets would free.

        :param folders: the sets' folders, which have to exist.
        :returns: a size with its unit, in the words of the store's program;
            ``''`` if the size of the files is the answer.
        :raises TargetError: if the program fails.
        """
        return ''


def parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path.

    :raises TargetError: if it leads out of the store, or is not a path.
    """
    found = tuple(path.split('/'))
    if '\0' in path or not {'', '.', '..'}.isdisjoint(found):
        raise errors.TargetError(
            f'{path[:80]!r} cannot be the path of a file in a store.'
        )
    return found


def read_whole(files: Files, path: str, limit: int) -> bytes:
    """Return the bytes of a small file.

    :param limit: the number of bytes that are read at most.
    :raises TargetError: if it cannot be read.
    """
    found = bytearray()
    with files.read(path) as stream:
        while block := stream.read(min(BLOCK, limit - len(found))):
            found += block
    return bytes(found)
