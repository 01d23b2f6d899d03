# SPDX-License-Identifier: Apache-2.0
"""The contents of a repository, as this process knows them.

They are read once, and the changes of this process are added.
:meth:`Contents.reload` reads them again.
"""

from collections.abc import Iterable
import dataclasses
import threading

from backupclient import errors
from backupclient.model import layout
from backupclient.store import base
from backupclient.store.restic import bundles
from backupclient.store.restic import index
from backupclient.store.restic import repos
from backupclient.store.restic import snapshots
from backupclient.store.restic.snapshots import Snapshot

# These files are never empty, so they are never in a bundle.
_NOTES = frozenset({layout.MARKER, 'deleting.json'})


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A file, and the snapshot that has it.

    :param bundle: the snapshot is a bundle and has other files, too.
    """

    entry: base.Entry
    snapshot: Snapshot
    bundle: bool = False


class Contents:
    """The files in a repository. Used by many threads."""

    def __init__(self, repository: repos.Repository) -> None:
        self.bundles = bundles.Bundles(repository)
        self._repository = repository
        self._lock = threading.RLock()
        self._index: index.Index | None = None
        self._mine: dict[str, Snapshot] = {}
        self._hidden: set[str] = set()
        self._gone: set[str] = set()

    def reload(self) -> None:
        """Read the list of snapshots again.

        :raises TargetError: if the list would be incomplete.
        """
        output = self._repository.snapshots()
        try:
            found = tuple(snapshots.parse(output))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.TargetError(
                f'{self._repository.name}: what restic says of its snapshots '
                'cannot be read.'
            ) from error
        with self._lock:
            self._index = index.Index(
                found, frozenset(self._mine), frozenset(self._hidden)
            )

    def add(self, made: Snapshot, sizes: dict[str, int] | None = None) -> None:
        """Add a snapshot that this process has made.

        :param sizes: the sizes of a bundle's files by their paths, None if
            the snapshot has only one file.
        """
        with self._lock:
            self._mine[made.id] = made
            self._loaded().add(made, mine=True)
            self._gone -= {
                _path(made.run, each) for each in sizes or (made.path,)
            }
        if sizes is not None:
            self.bundles.know(made, sizes)

    def hide(self, place: Place) -> None:
        """Hide a file, because it was deleted."""
        with self._lock:
            if place.bundle:
                self._gone.add(place.entry.path)
            else:
                self._hidden.add(place.snapshot.id)
                self._loaded().hide(place.snapshot)

    def drop(self, gone: Iterable[Snapshot]) -> None:
        """Forget snapshots that were deleted from the repository."""
        with self._lock:
            for each in gone:
                self._mine.pop(each.id, None)
                self._loaded().remove(each)

    def find(self, path: str) -> Place | None:
        """Return a file and its snapshot, None if it does not exist."""
        run, inside = split(path)
        with self._lock:
            counting = tuple(self._loaded().counting(run))
            if path in self._gone:
                counting = tuple(one for one in counting if not one.is_bundle)
        for one in counting:
            if one.path == inside:
                return self._own(one)
        for one in counting:
            if one.is_bundle and (found := self._within(one, inside)):
                return found
        return None

    def files(self, run: str) -> dict[str, base.Entry]:
        """Return the files of a run by their paths."""
        with self._lock:
            counting = tuple(self._loaded().counting(run))
            gone = frozenset(self._gone)
        found: dict[str, base.Entry] = {}
        for one in reversed(counting):
            if one.is_bundle:
                for each in self.bundles.list(one).values():
                    path = _path(run, each.path)
                    if path not in gone:
                        found[path] = _moved(each, path, one)
            else:
                own = self._own(one).entry
                found[own.path] = own
        return found

    def runs(self) -> tuple[str, ...]:
        """Return the runs with snapshots, including those that don't count."""
        with self._lock:
            return self._loaded().names

    def every(self, run: str) -> tuple[Snapshot, ...]:
        """Return all snapshots of a run, also those that do not count."""
        with self._lock:
            return self._loaded().every(run)

    def has_manifest(self, run: str) -> bool:
        """Return whether a run has a manifest, and so was finished."""
        with self._lock:
            return self._loaded().manifest(run) is not None

    def finished(self) -> frozenset[str]:
        """Return the runs that have a manifest, and so are finished."""
        with self._lock:
            names = self._loaded().names
            return frozenset(run for run in names if self.has_manifest(run))

    def relied_on(self, run: str) -> frozenset[str]:
        """Return the IDs of the snapshots that a run's manifest must list."""
        with self._lock:
            return self._loaded().relied_on(run)

    def _loaded(self) -> index.Index:
        if self._index is None:
            self.reload()
        if self._index is None:
            raise ValueError(self._index)
        return self._index

    def _own(self, one: Snapshot) -> Place:
        """Return the file of a snapshot that is not a bundle."""
        path = _path(one.run, one.path)
        size = one.size
        if size is None:
            found = self.bundles.list(one).get(one.path)
            size = found.size if found else 0
        return Place(base.Entry(path, size, one.time), one)

    def _within(self, bundle: Snapshot, inside: str) -> Place | None:
        path = _path(bundle.run, inside)
        if inside == layout.MANIFEST:
            # A tag has its size. Listing the bundle of each set would take
            # long, because a repository may have many sets.
            size = bundle.manifest
        elif inside in _NOTES:
            size = None
        else:
            listed = self.bundles.list(bundle).get(inside)
            size = listed.size if listed else None
        if size is None:
            return None
        return Place(base.Entry(path, size, bundle.time), bundle, bundle=True)


def split(path: str) -> tuple[str, str]:
    """Return the folder of a path's run, and the rest of the path.

    :raises TargetError: if it cannot be a path.
    """
    found = base.parts(path)
    if ',' in path:
        raise errors.TargetError(
            f'{path[:80]!r} has a comma: restic takes it for the end of a tag.'
        )
    depth = 2 if found[0] == layout.FAILED else 1
    if len(found) <= depth:
        return '', path
    return '/'.join(found[:depth]), '/'.join(found[depth:])


def _path(run: str, inside: str) -> str:
    return f'{run}/{inside}' if run else inside


def _moved(found: base.Entry, path: str, bundle: Snapshot) -> base.Entry:
    return dataclasses.replace(found, path=path, changed_at=bundle.time)
