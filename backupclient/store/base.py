# SPDX-License-Identifier: Apache-2.0
"""The contract of a store.

A path in a store is relative and has ``/`` between its parts. The first part
of a path is mostly the folder of a run. A file is there only when it is whole:
a write that does not come to its end leaves nothing under the path, in every
store. Stores never follow links, and several threads may use one store.

Errors are :class:`~backupclient.errors.TargetError`; their texts name the
store and the path, and say what the store said.
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
"""The bytes that are read or written at a time."""

PART = '.part'
"""How the name ends of what an unfinished write has left, in listings too."""

Abilities = facts.Abilities
Entry = facts.Entry
Secrecy = facts.Secrecy
Block = streams.Block
Stream = streams.Stream
FileStream = streams.FileStream
Writer = streams.Writer


class Files(abc.ABC):
    """Files by their paths.

    :param name: of the place, for people: a path of this machine, say.
    """

    name: str
    can: Abilities

    @abc.abstractmethod
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> AbstractContextManager[Writer]:
        """Begin a file, or go on with what an earlier try has left.

        When the context ends without a commit, the path has no file; a store
        that can continue keeps what was written for a later try.

        :param size: of the whole file, None when it is not known.
        :param anew: throw away what an earlier try has left.
        :raises TargetError: it cannot be written, or its folder is not there.
        """

    @abc.abstractmethod
    def read(
        self, path: str, offset: int = 0
    ) -> AbstractContextManager[FileStream]:
        """Read a file.

        :raises TargetError: it is not there, or cannot be read.
        """

    def opened(self, path: str) -> AbstractContextManager[int | None]:
        """Open a file for another program, which gets the descriptor.

        :returns: a descriptor for reading, None where the file is not one of
            this machine.
        :raises TargetError: it is not there, is no plain file, or cannot be
            read.
        """
        return contextlib.nullcontext()

    @abc.abstractmethod
    def stat(self, path: str) -> Entry | None:
        """Give what is known of a file, None when it is not there.

        :raises TargetError: it is no plain file, or that cannot be told.
        """

    @abc.abstractmethod
    def list(self, folder: str = '') -> tuple[Entry, ...]:
        """Give all files below a folder, sorted by path.

        What is no plain file is listed too, and so is what unfinished writes
        have left, with :data:`PART` behind its path.

        :param folder: none of that name has no files; ``''`` for all.
        :raises TargetError: the list would not be complete.
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
        """Write a small file: whole, or not at all.

        :param replace: an older one; a link or a folder is never replaced.
        :raises TargetError: it cannot be written, it is there already, or
            the store cannot promise the secrecy. An older file is still
            there then.
        """

    @abc.abstractmethod
    def delete(self, path: str) -> None:
        """Delete a file, and what unfinished writes of it have left.

        Do nothing for one that is not there.

        :raises TargetError: it cannot be deleted.
        """

    def flush(self) -> None:  # noqa: B027 - most stores gather nothing
        """Store the small files that were gathered.

        Of these, nothing is left if this process is killed before. Files of
        all other kinds are stored when they are written.

        :raises TargetError: they cannot be stored.
        """

    def dated(self, at: datetime.datetime) -> 'Files':
        """Return the same files, for one whose data are of a time.

        A store that keeps such times writes it beside the file.

        :param at: when the data were captured.
        """
        return self

    def is_stored(self, path: str) -> bool:
        """Tell whether a file outlives this process: it is not gathered."""
        return True

    def fingerprint(self, path: str) -> str:
        """Return a text that is another as soon as the file's bytes are.

        It is cheap: the file is not read. A cache relies on it.

        :returns: ``''`` where there is none to rely on: the file has to be
            read.
        :raises TargetError: that cannot be told.
        """
        return ''


class Shelf(Files):
    """A place whose backup sets can be listed and read.

    :param manifests_only: the sets here have a manifest and no other file:
        what it lists is in the cloud.
    """

    manifests_only = False

    @abc.abstractmethod
    def folders(self, folder: str = '') -> tuple[str, ...]:
        """Return the names of the folders directly in a folder, sorted.

        A store without folders has one for each that a path leads through.
        What is in them is not looked at: it may be large, or somebody
        else's. Links are left out.

        :param folder: a missing one has none; ``''`` for the store itself.
        :raises TargetError: the list would not be complete.
        """

    def folders_with(self, name: str) -> frozenset[str]:
        """Return the folders directly in the store that have a file.

        A folder counts, too, if that cannot be told.

        :param name: of the file, directly in the folder.
        :raises TargetError: the list would not be complete.
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
            # A link, say: something is there, and reading it will tell.
            return True


class Store(Shelf):
    """A place that holds backup sets, each in a folder of its own."""

    @abc.abstractmethod
    def begin(self, folder: str) -> None:
        """Make the folder of a run. The place of the store is made with it.

        :raises TargetError: something has that name, or it cannot be made.
        """

    @abc.abstractmethod
    def has(self, folder: str) -> bool:
        """Tell whether anything has the name of a folder.

        :raises TargetError: that cannot be told.
        """

    def place_of(self, folder: str) -> str:
        """Return where a folder is, for people."""
        return f'{self.name}/{folder}'

    @abc.abstractmethod
    def rename(self, old: str, new: str) -> None:
        """Rename a folder.

        :raises TargetError: the store cannot rename, the folder is not there
            or not this user's own, or something has the new name.
        """

    @abc.abstractmethod
    def tidy(self, folder: str) -> None:
        """Take away what unfinished writes have left, and empty folders.

        What stays is durable then. Do nothing for a folder that is not there.

        :raises TargetError: that cannot be done.
        """

    @abc.abstractmethod
    def drop(self, folder: str) -> None:
        """Take away the folder of a run if it is empty; else leave it.

        :raises TargetError: that cannot be done.
        """

    @abc.abstractmethod
    def free(self) -> int | None:
        """Give the bytes that can still be written, None when not known.

        :raises TargetError: the store cannot be asked.
        """

    @abc.abstractmethod
    def require_writable(self) -> None:
        """Raise TargetError if nothing can be written to the store."""

    def reclaim(self) -> None:
        """Free the room of what was deleted, where that is a work of its own.

        :raises TargetError: that cannot be done.
        """

    def would_free(self, folders: Iterable[str]) -> str:
        """Return how much room would be free without some sets.

        :param folders: of these. They have to be there.
        :returns: a size with its unit, as the program of the store says it;
            ``''`` where none tells: then it is the size of the files.
        :raises TargetError: that cannot be told.
        """
        return ''


def parts(path: str) -> tuple[str, ...]:
    """Split a path.

    :raises TargetError: it would lead out of the store, or is none.
    """
    found = tuple(path.split('/'))
    if '\0' in path or not {'', '.', '..'}.isdisjoint(found):
        raise errors.TargetError(
            f'{path[:80]!r} cannot be the path of a file in a store.'
        )
    return found


def read_whole(files: Files, path: str, limit: int) -> bytes:
    """Read a small file.

    :param limit: read so many bytes at most.
    :raises TargetError: it cannot be read.
    """
    found = bytearray()
    with files.read(path) as stream:
        while block := stream.read(min(BLOCK, limit - len(found))):
            found += block
    return bytes(found)
