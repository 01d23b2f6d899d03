# SPDX-License-Identifier: Apache-2.0
"""The snapshots in a repository by their runs, and which of them count.

Of a finished run only those count that its manifest counts on: so nothing
that a killed process has left can be taken for a part of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from backupclient.model import layout
from backupclient.store.restic.snapshots import Holds
from backupclient.store.restic.snapshots import Snapshot


class Index:
    """The snapshots of all runs.

    :param mine: the IDs of those that this process has made.
    :param hidden: the IDs of those whose file it has deleted.
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

        :param mine: this process has made it.
        """
        self._runs[made.run][made.id] = made
        if mine:
            self._mine.add(made.id)

    def hide(self, one: Snapshot) -> None:
        """Count a snapshot no more: its file was deleted."""
        self._hidden.add(one.id)

    def remove(self, one: Snapshot) -> None:
        """Forget a snapshot that is no longer there."""
        self._runs[one.run].pop(one.id, None)

    def every(self, run: str) -> tuple[Snapshot, ...]:
        """Return all snapshots of a run, the newest first."""
        found = self._runs.get(run, {}).values()
        return tuple(sorted(found, key=lambda one: one.time, reverse=True))

    def manifest(self, run: str) -> Snapshot | None:
        """Return the snapshot with the newest manifest of a run, if any."""
        with_one = (x for x in self.every(run) if x.manifest is not None)
        return next(with_one, None)

    def counting(self, run: str) -> Iterator[Snapshot]:
        """Return the snapshots of a run that count, the newest first."""
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
        """Return the IDs of those that a manifest will count on."""
        return frozenset(
            one.id
            for one in self.counting(run)
            if one.holds in (Holds.DATA, Holds.BUNDLE)
        )


def _counts(one: Snapshot, last: Snapshot | None) -> bool:
    """Tell whether a snapshot counts.

    :param last: with the manifest of its run, if that is finished.
    """
    if last is None or one is last:
        return True
    if one.holds is Holds.NOTE:
        return one.path != layout.MARKER
    return one.id in last.others
