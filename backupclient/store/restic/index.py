# SPDX-License-Identifier: Apache-2.0
"""The snapshots in a repository by their runs, and which of them count.

Of a finished run, only the snapshots count that its manifest lists. So the
leftover of a killed process is never taken for a part of the set.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from backupclient.model import layout
from backupclient.store.restic.snapshots import Holds
from backupclient.store.restic.snapshots import Snapshot


class Index:
    """The snapshots of all runs.

    :param found: all snapshots of this program in the repository.
    :param mine: the IDs of the snapshots that this process has made.
    :param hidden: the IDs of snapshots whose file this process has deleted.
    """

    def __init__(
        self,
        found: Iterable[Snapshot],
        mine: Iterable[str] = (),
        hidden: Iterable[str] = (),
    ) -> None:
        self._runs: defaultdict[str, dict[str, Snapshot]] = defaultdict(dict)
        self._mine = set(mine)
        self._hidden = set(hidden)
        for each in found:
            self._runs[each.run][each.id] = each

    @property
    def names(self) -> tuple[str, ...]:
        """The runs, sorted."""
        return tuple(sorted(run for run, every in self._runs.items() if every))

    def add(self, made: Snapshot, *, mine: bool = False) -> None:
        """Add a snapshot.

        :param mine: whether this process has made it.
        """
        self._runs[made.run][made.id] = made
        if mine:
            self._mine.add(made.id)

    def hide(self, one: Snapshot) -> None:
        """Make a snapshot not count, because its file was deleted."""
        self._hidden.add(one.id)

    def remove(self, one: Snapshot) -> None:
        """Forget a snapshot that was deleted from the repository."""
        self._runs[one.run].pop(one.id, None)

    def every(self, run: str) -> tuple[Snapshot, ...]:
        """Return all snapshots of a run, the newest first."""
        found = self._runs.get(run, {}).values()
        return tuple(sorted(found, key=lambda one: one.time, reverse=True))

    def manifest(self, run: str) -> Snapshot | None:
        """Return the snapshot with a run's newest manifest, None if none."""
        with_one = (x for x in self.every(run) if x.manifest is not None)
        return next(with_one, None)

    def counting(self, run: str) -> Iterator[Snapshot]:
        """Yield the snapshots of a run that count, the newest first."""
        last, every = self.manifest(run), self.every(run)
        deleted = {
            other
            for one in every
            if one.holds is Holds.DELETED
            for other in one.others
        }
        for one in every:
            if one.id in self._hidden or one.id in deleted:
                continue
            if one.holds is Holds.DELETED:
                continue
            if one.id in self._mine or _counts(one, last):
                yield one

    def relied_on(self, run: str) -> frozenset[str]:
        """Return the IDs of the snapshots that a manifest must list."""
        return frozenset(
            one.id
            for one in self.counting(run)
            if one.holds in (Holds.DATA, Holds.BUNDLE)
        )


def _counts(one: Snapshot, last: Snapshot | None) -> bool:
    """Return whether a snapshot counts.

    :param last: the snapshot with the manifest of its run, None if the run
        is not finished.
    """
    if last is None or one is last:
        return True
    if one.holds is Holds.NOTE:
        return one.path != layout.MARKER
    return one.id in last.others
