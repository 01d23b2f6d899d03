# SPDX-License-Identifier: Apache-2.0
"""The store in a restic repository."""

from collections.abc import Iterable, Iterator
import contextlib
import copy
import datetime
import errno
import os
import pathlib
import threading

from backupclient import errors
from backupclient.model import addresses
from backupclient.model import layout
from backupclient.store import base
from backupclient.store import courses
from backupclient.store.restic import contents
from backupclient.store.restic import making
from backupclient.store.restic import repos
from backupclient.store.restic import room
from backupclient.store.restic import small
from backupclient.store.restic import snapshots
from backupclient.store.restic import staging
from backupclient.store.restic import streams


class Restic(base.Store):
    """The store in a restic repository. The repository has to exist."""

    can = base.Abilities(gathering=True, authenticating=True)

    def __init__(self, address: addresses.Address) -> None:
        self.name = address.shown
        self._folder = None
        if address.is_of_this_machine:
            self._folder = pathlib.Path(address.place)
        self._repository = repos.Repository(address.place, self.name)
        self._contents = contents.Contents(self._repository)
        self._small = small.Small(self._repository, self._contents)
        self._making = making.Making(self._repository, self._contents)
        self._at: datetime.datetime | None = None
        self._begun: set[str] = set()
        self._lock = threading.Lock()
        staging.sweep()

    @contextlib.contextmanager
    def write(
        self, path: str, size: int | None = None, *, anew: bool = False
    ) -> Iterator[base.Writer]:
        run, inside = self._in_a_run(path)
        writer = streams.Writer(
            courses.Course(f'{self.name}/{path}', size, 0),
            lambda first: self._making.begin(
                run, inside, size, first, self._at
            ),
            lambda what, length: self._keep(run, inside, what, length),
        )
        try:
            yield writer
        finally:
            writer.abort()

    @contextlib.contextmanager
    def read(self, path: str, offset: int = 0) -> Iterator[base.FileStream]:
        run, inside = contents.split(path)
        if inside in self._small.sizes(run):
            yield streams.Held(self._small.read(run, inside)[offset:])
            return
        place = self._contents.find(path)
        if place is None:
            raise self._missing(path)
        if place.bundle:
            found = self._contents.bundles.read(place.snapshot, inside)
            if found is not None:
                yield streams.Held(found[offset:])
                return
        with self._repository.dump(place.snapshot.id, f'/{inside}') as child:
            stream = streams.Stream(self.name, path, child)
            stream.skip(offset)
            yield stream

    def stat(self, path: str) -> base.Entry | None:
        run, inside = contents.split(path)
        sizes = self._small.sizes(run)
        if inside in sizes:
            return _staged(path, sizes[inside])
        place = self._contents.find(path)
        return place.entry if place else None

    def list(self, folder: str = '') -> tuple[base.Entry, ...]:
        found = self._files(folder)
        return tuple(found[path] for path in sorted(found))

    def put(
        self,
        path: str,
        data: bytes,
        *,
        replace: bool = True,
        secrecy: base.Secrecy = base.Secrecy.NONE,
    ) -> None:
        # Any secrecy is accepted: restic encrypts and authenticates all data.
        run, inside = self._in_a_run(path)
        if not replace:
            self._require_free(path)
        if small.is_gathered(inside, len(data)):
            self._small.put(run, inside, data)
        else:
            self._small.remove(run, inside)
            self._store(run, inside, data)

    def delete(self, path: str) -> None:
        run, inside = contents.split(path)
        self._small.remove(run, inside)
        if inside == layout.MARKER:
            # Each write of it has made a snapshot. If one of them stayed, a
            # set that loses its manifest would look unfinished.
            every = self._contents.every(run)
            self._making.take_away(
                *(one for one in every if one.path == inside)
            )
            return
        place = self._contents.find(path)
        if place is None:
            return
        self._contents.hide(place)
        if place.bundle or inside in making.GOES_LAST:
            # It is deleted together with its run.
            return
        if not self._contents.has_manifest(run):
            self._making.bury(place.snapshot)
        elif place.snapshot.holds is snapshots.Holds.NOTE:
            self._making.take_away(place.snapshot)

    def begin(self, folder: str) -> None:
        if self.has(folder):
            raise self._there_already(folder)
        with self._lock:
            self._begun.add(folder)

    def has(self, folder: str) -> bool:
        base.parts(folder)
        return any(
            f'{run}/'.startswith(f'{folder}/') for run in self._runs()
        ) or bool(self._files(folder))

    def folders(self, folder: str = '') -> tuple[str, ...]:
        if not folder:
            self._contents.reload()
            return tuple(
                sorted({run.partition('/')[0] for run in self._runs()})
            )
        start = f'{folder}/'
        below = [*self._files(folder), *(f'{run}/' for run in self._runs())]
        names = (
            path.removeprefix(start).partition('/')
            for path in below
            if path.startswith(start)
        )
        return tuple(sorted({name for name, slash, _ in names if slash}))

    def folders_with(self, name: str) -> frozenset[str]:
        if name != layout.MANIFEST:
            return super().folders_with(name)
        self._contents.reload()
        return self._contents.finished()

    def place_of(self, folder: str) -> str:
        return f'{folder} in {self.name}'

    def rename(self, old: str, new: str) -> None:
        raise errors.TargetError(f'{self.name} cannot rename {old}.')

    def tidy(self, folder: str) -> None:
        """Do nothing: a repository never has unfinished files."""

    def drop(self, folder: str) -> None:
        if not self._files(folder):
            self._making.drop(folder)
            with self._lock:
                self._begun.discard(folder)

    def flush(self) -> None:
        self._small.flush()

    def dated(self, at: datetime.datetime) -> base.Files:
        found = copy.copy(self)
        found._at = at
        return found

    def is_stored(self, path: str) -> bool:
        run, inside = contents.split(path)
        return inside not in self._small.sizes(run)

    def reclaim(self) -> None:
        self._repository.prune()

    def would_free(self, folders: Iterable[str]) -> str:
        going = [
            one.id for run in folders for one in self._contents.every(run)
        ]
        return room.would_free(self._repository, going)

    def fingerprint(self, path: str) -> str:
        place = self._contents.find(path)
        return f'{place.snapshot.id}:{path}' if place else ''

    def free(self) -> int | None:
        """Return None: the size that a backup needs cannot be predicted."""

    def require_writable(self) -> None:
        if self._folder is not None:
            self._repository.require()
            room.require(self._folder, self.name)
        self._contents.reload()
        self._repository.patiently(
            self._repository.require_unlocked, repos.LOCK_PATIENCE
        )

    def _keep(
        self, run: str, inside: str, what: bytes | streams.New, size: int
    ) -> None:
        """Store a complete file under its path, unless that exists.

        :param what: the begun snapshot of the file, or the bytes of a small
            file.
        :raises TargetError: if the path exists, or the file cannot be stored.
        """
        self._require_free(_path(run, inside))
        if isinstance(what, streams.New):
            self._making.end(what, size)
        elif small.is_gathered(inside, size):
            self._small.put(run, inside, what)
        else:
            self._store(run, inside, what)

    def _store(self, run: str, inside: str, data: bytes) -> None:
        """Make a snapshot of a small file."""
        new = self._making.begin(run, inside, len(data), data, self._at)
        with contextlib.closing(new.feed):
            self._making.end(new, len(data))

    def _files(self, folder: str) -> dict[str, base.Entry]:
        """Return the files below a folder by their paths."""
        start = f'{folder}/' if folder else ''
        found: dict[str, base.Entry] = {}
        for run in ('', *self._runs()):
            if f'{run}/'.startswith(start) or start.startswith(f'{run}/'):
                found |= self._contents.files(run)
                found |= {
                    _path(run, inside): _staged(_path(run, inside), size)
                    for inside, size in self._small.sizes(run).items()
                }
        return {
            path: each
            for path, each in found.items()
            if path.startswith(start)
        }

    def _runs(self) -> set[str]:
        """Return the folders of runs that are begun or have any file."""
        with self._lock:
            known = self._begun | self._small.runs()
        return (known | set(self._contents.runs())) - {''}

    def _in_a_run(self, path: str) -> tuple[str, str]:
        """Return the run's folder and the rest of the path of a new file.

        :raises TargetError: if the run was not begun.
        """
        run, inside = contents.split(path)
        if run and not self.has(base.parts(run)[0]):
            raise self._missing(run)
        return run, inside

    def _require_free(self, path: str) -> None:
        if self.stat(path) is not None:
            raise self._there_already(path)

    def _there_already(self, path: str) -> errors.TargetError:
        return errors.TargetError(f'{self.name}/{path} is there already.')

    def _missing(self, path: str) -> errors.TargetError:
        found = errors.TargetError(f'{self.name}/{path} is not there.')
        found.__cause__ = FileNotFoundError(
            errno.ENOENT, os.strerror(errno.ENOENT)
        )
        return found


def _path(run: str, inside: str) -> str:
    return f'{run}/{inside}' if run else inside


def _staged(path: str, size: int) -> base.Entry:
    return base.Entry(path, size, datetime.datetime.now(datetime.UTC))
