# SPDX-License-Identifier: Apache-2.0
"""The store in a remote of rclone."""

from collections.abc import Iterator
import contextlib
import functools
import json

from backupclient import errors
from backupclient.model import addresses
from backupclient.store import base
from backupclient.store.programs import ending
from backupclient.store.rclone import hashing
from backupclient.store.rclone import listing
from backupclient.store.rclone import program
from backupclient.store.rclone import seen
from backupclient.store.rclone import streams

_LIST = ('lsjson', '--no-mimetype')
_STAT = (*_LIST, '--stat')


class Rclone(base.Store):
    """The store in a remote. rclone is not called before it is needed.

    A file that this process writes is hidden until it is complete. A file
    that a killed process has left incomplete is not hidden, but no manifest
    lists it.

    :param address: the address of the target.
    """

    can = base.Abilities()

    def __init__(self, address: addresses.Address) -> None:
        self.name = address.shown
        self._rclone = program.Program(address)
        self._begun: set[str] = set()
        self._written: set[str] = set()
        self._seen = seen.Seen(self.list)

    @contextlib.contextmanager
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> Iterator[base.Writer]:
        self._require_folder(path)
        if size is None and not self._rclone.features.takes_streams:
            raise errors.TargetError(
                f'{self.name}/{path} cannot be written: its size is not '
                'known, and this storage system has to know it.'
            )
        occupied = self.stat(path) is not None
        writer = streams.Writer(
            self._rclone,
            path,
            size,
            hashing.new(self._algorithm),
            self._prove,
            functools.partial(self._written.discard, path),
            occupied=occupied,
        )
        if not occupied:
            self._written.add(path)
        try:
            yield writer
        finally:
            writer.abort()
            if writer.is_partial:
                self._take_away(path)
            self._written.discard(path)

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        found = self.stat(path)
        if found is None:
            raise self._missing(path)
        left = max(0, found.size - offset)
        stream = streams.Stream(self._rclone, path, offset, left)
        with streams.closing(stream):
            yield stream

    def stat(self, path: str) -> base.Entry | None:
        base.parts(path)
        if path in self._written:
            return None
        listed = self._seen.set_of(path)
        if listed is not None:
            found = listed.get(path)
        else:
            answer = self._asked(path)
            found = answer and answer[0]
        if found is not None and not found.plain:
            raise errors.TargetError(
                f'{self.name}/{path} is not a plain file.'
            )
        return found

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        if folder:
            base.parts(folder)
        start = f'{folder}/' if folder else ''
        output = self._output(
            (*_LIST, '--recursive', '--files-only'), folder, b'[]'
        )
        return tuple(
            found
            for found in listing.files(output, start)
            if found.path not in self._written
        )

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        # Any secrecy is accepted: only readers of the storage can read the
        # file, and the plan warns of secrets in plaintext.
        self._require_folder(path)
        before = self.stat(path)
        writer = streams.Writer(
            self._rclone,
            path,
            len(data),
            hashing.new(self._algorithm),
            self._prove,
            occupied=before is not None and not replace,
        )
        try:
            writer.data(0, data)
            writer.commit()
        finally:
            writer.abort()
            if writer.is_partial:
                self._take_away(path, unless=before)

    def delete(self, path: str) -> None:
        base.parts(path)
        self._seen.changes(path)
        if self._asked(path) is None:
            return
        try:
            self._rclone.call(('deletefile',), path)
        except errors.TargetError as error:
            raise self._rclone.trouble(path, 'deleted', error) from error

    def begin(self, folder: str) -> None:
        if self.has(folder):
            raise errors.TargetError(f'{self.name}/{folder} is there already.')
        self._begun.add(folder)

    def has(self, folder: str) -> bool:
        base.parts(folder)
        if folder in self._begun:
            return True
        return bool(json.loads(self._output(_LIST, folder, b'[]')))

    def folders(self, folder: str = '') -> tuple[str, ...]:
        if folder:
            base.parts(folder)
        output = self._output((*_LIST, '--dirs-only'), folder, b'[]')
        return listing.folders(output)

    def folders_with(self, name: str) -> frozenset[str]:
        # One call instead of one for each folder.
        output = self._output(
            (*_LIST, '--recursive', '--max-depth', '2', '--files-only'),
            '',
            b'[]',
        )
        found = (each.path.split('/') for each in listing.files(output, ''))
        return frozenset(parts[0] for parts in found if parts[1:] == [name])

    def rename(self, old: str, new: str) -> None:
        raise errors.TargetError(f'{self.name} cannot rename {old}.')

    def tidy(self, folder: str) -> None:
        self._remove_folders(('rmdirs', '--leave-root'), folder)

    def drop(self, folder: str) -> None:
        if self.list(folder):
            return
        self._begun.discard(folder)
        self._remove_folders(('rmdirs',), folder)

    def free(self) -> int | None:
        if not self._rclone.features.tells_room:
            return None
        try:
            found = json.loads(self._rclone.about()).get('free')
        except (errors.TargetError, ValueError):
            # Many servers do not report their free space.
            return None
        return None if found is None else int(found)

    def require_writable(self) -> None:
        """Raise TargetError unless the remote is configured and answers.

        Whether a file can be written shows only when the run writes its
        marker, before it makes anything in the cloud.
        """
        if self._rclone.lacks_bucket:
            raise errors.TargetError(
                f'{self.name} names no bucket. Give one: {self.name}BUCKET.'
            )
        self._output(_LIST, '', b'[]', soon=True)

    @functools.cached_property
    def _algorithm(self) -> str:
        return hashing.algorithm(self._rclone.features.hashes)

    def _prove(self, path: str, size: int, digest: str) -> None:
        """Raise TargetError unless the store has the bytes just written.

        :raises TargetError: if the file differs, or cannot be read.
        """
        hashed = self._algorithm in self._rclone.features.hashes
        more = ('--hash-type', self._algorithm) if hashed else ()
        found = self._asked(path, *(('--hash', *more) if hashed else ()))
        if found is None:
            raise self._missing(path)
        entry, digests = found
        has = digests.get(self._algorithm, '')
        if entry.size == size and not has:
            stream = streams.Stream(self._rclone, path, 0, size)
            with streams.closing(stream):
                has = hashing.read_back(stream, self._algorithm)
        hashing.require_same(
            f'{self.name}/{path}',
            self._algorithm,
            (size, digest),
            (entry.size, has),
        )

    def _asked(
        self, path: str, *options: str
    ) -> tuple[base.Entry, dict[str, str]] | None:
        """Look up a file without the cache, even if it is incomplete."""
        output = self._output((*_STAT, *options), path, b'null')
        return listing.file(output, path)

    def _output(
        self,
        words: tuple[str, ...],
        path: str,
        missing: bytes,
        *,
        soon: bool = False,
    ) -> bytes:
        """Return the output of a command of rclone that lists files.

        :param missing: the result if the path does not exist.
        :raises TargetError: if the list would be incomplete.
        """
        try:
            return self._rclone.call(words, path, soon=soon)
        except ending.ProgramFailed as error:
            nothing = error.ended.out.strip() in (b'', b'[', b'[]', b'[\n]')
            if error.ended.code == program.NOT_THERE and nothing:
                return missing
            raise self._rclone.trouble(path, 'read', error) from error
        except errors.TargetError as error:
            raise self._rclone.trouble(path, 'read', error) from error

    def _take_away(self, path: str, unless: base.Entry | None = None) -> None:
        """Delete an incomplete file. Errors are ignored.

        :param unless: the older file, which stays if it was not replaced.
        """
        with contextlib.suppress(errors.TargetError):
            found = self._asked(path)
            if found is not None and found[0] != unless:
                self.delete(path)

    def _remove_folders(self, words: tuple[str, ...], folder: str) -> None:
        if not self._rclone.features.has_folders:
            return
        try:
            self._rclone.call(_LIST, folder)
            self._rclone.call(words, folder)
        except ending.ProgramFailed as error:
            if error.ended.code != program.NOT_THERE:
                raise self._rclone.trouble(folder, 'tidied', error) from error

    def _require_folder(self, path: str) -> None:
        """Raise TargetError unless the file's run has a folder already."""
        run, *below = base.parts(path)
        self._seen.changes(path)
        if not below or run in self._begun:
            return
        if not self.has(run):
            raise self._missing(run)
        self._begun.add(run)

    def _missing(self, path: str) -> errors.TargetError:
        found = errors.TargetError(f'{self.name}/{path} is not there.')
        found.__cause__ = FileNotFoundError(2, 'No such file or directory')
        return found
