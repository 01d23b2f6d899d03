# SPDX-License-Identifier: Apache-2.0
"""Making and deleting snapshots of a single file."""

import contextlib
import datetime

from backupclient import errors
from backupclient.store.restic import contents
from backupclient.store.restic import repos
from backupclient.store.restic import snapshots
from backupclient.store.restic import streams
from backupclient.store.restic import troubles

GOES_LAST = ('deleting.json',)
"""The files that say that a run is being deleted. They are deleted last."""

_BURIED = 'deleted'


class Making:
    """Makes snapshots. Used by many threads."""

    def __init__(
        self,
        repository: repos.Repository,
        known: contents.Contents,
    ) -> None:
        self._repository = repository
        self._contents = known

    def begin(
        self,
        run: str,
        inside: str,
        size: int | None,
        first: bytes,
        at: datetime.datetime | None = None,
    ) -> streams.New:
        """Begin a snapshot of a file.

        :param run: the folder of the run.
        :param inside: the path of the file in that folder.
        :param size: the size of the complete file, None if it is not known.
        :param first: the first bytes of the file.
        :param at: when the data were captured, None for now.
        :raises TargetError: if restic cannot be started, or fails.
        """
        tags = snapshots.of_file(run, inside, size)
        return streams.New(run, inside, self._fed(inside, tags, first, at))

    def end(self, new: streams.New, size: int) -> None:
        """Complete a snapshot. To be called when all of the file was fed.

        :param size: the size of the file in bytes.
        :raises TargetError: if the snapshot was not made or is incomplete;
            then it does not count.
        """
        holds = snapshots.holds(new.inside)
        before = frozenset(self._contents.every(new.run))
        try:
            made, stored = new.feed.end()
        except errors.TargetError:
            self._disown(new, before)
            raise
        snapshot = snapshots.Snapshot(
            made,
            datetime.datetime.now(datetime.UTC),
            new.run,
            holds,
            new.inside,
            size,
        )
        if stored != size:
            self.bury(snapshot)
            raise errors.TargetError(
                f'{self._repository.name}: restic has stored {stored:,} bytes '
                f'of {new.inside} instead of {size:,}. The snapshot {made} '
                'does not count.'
            )
        self._contents.add(snapshot)

    def drop(self, run: str) -> None:
        """Delete all snapshots of a run.

        If the repository is locked, the snapshots of an unfinished run stay,
        but no longer count.

        :raises TargetError: if they cannot be deleted.
        """
        every = self._contents.every(run)
        # Delete the manifest first, so that the rest is not taken for a set,
        # and the file that says that the run is being deleted last.
        first = [one for one in every if one.manifest is not None]
        last = [one for one in every if one.path in GOES_LAST]
        rest = [one for one in every if one not in first and one not in last]
        for some in (first, rest, last):
            try:
                self._delete(some)
            except troubles.Locked:
                if first:
                    raise
                for one in some:
                    if one.holds is not snapshots.Holds.DELETED:
                        self.bury(one)

    def take_away(self, *some: snapshots.Snapshot) -> None:
        """Delete snapshots of a run, or bury them in a locked repository.

        :raises TargetError: if that fails.
        """
        if not some:
            return
        try:
            self._repository.call('forget', *(one.id for one in some))
            self._contents.drop(some)
        except troubles.Locked:
            self.bury(*some)

    def _delete(self, some: list[snapshots.Snapshot]) -> None:
        if some:
            self._repository.forget(one.id for one in some)
            self._contents.drop(some)

    def bury(self, *some: snapshots.Snapshot) -> None:
        """Record in the repository that snapshots of a run do not count.

        That works also while somebody makes a backup. A deletion does not:
        it needs an exclusive lock.

        :raises TargetError: if that fails.
        """
        run, ids = some[0].run, frozenset(one.id for one in some)
        tags = snapshots.of_deletion(run, ids)
        feed = self._fed(_BURIED, tags, ' '.join(sorted(ids)).encode())
        with contextlib.closing(feed):
            made, _ = feed.end()
        self._contents.add(
            snapshots.Snapshot(
                made,
                datetime.datetime.now(datetime.UTC),
                run,
                snapshots.Holds.DELETED,
                others=ids,
            )
        )

    def _fed(
        self,
        path: str,
        tags: list[str],
        first: bytes,
        at: datetime.datetime | None = None,
    ) -> streams.Feed:
        return streams.Feed(
            self._repository,
            lambda: self._repository.feed(path, tags, at),
            first,
        )

    def _disown(
        self, new: streams.New, before: frozenset[snapshots.Snapshot]
    ) -> None:
        """Bury the snapshot of a failed call: restic may have made one."""
        with contextlib.suppress(errors.TargetError):
            self._contents.reload()
            for one in frozenset(self._contents.every(new.run)) - before:
                if one.path == new.inside:
                    self.bury(one)
