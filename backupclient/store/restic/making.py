# SPDX-License-Identifier: Apache-2.0
"""Snapshots of one file each: made, and told not to count."""

import contextlib
import datetime

from backupclient import errors
from backupclient.store.restic import contents
from backupclient.store.restic import repos
from backupclient.store.restic import snapshots
from backupclient.store.restic import streams
from backupclient.store.restic import troubles

GOES_LAST = ('deleting.json',)
"""What says that a run is being deleted: it goes with the last of it."""

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

        :param size: of the whole file, None when it is not known.
        :param first: bytes of it.
        :param at: when the data were captured, None for now.
        :raises TargetError: restic cannot be started, or cannot work.
        """
        tags = snapshots.of_file(run, inside, size)
        return streams.New(run, inside, self._fed(inside, tags, first, at))

    def end(self, new: streams.New, size: int) -> None:
        """End a snapshot: all of the file was fed.

        :param size: of the file in bytes.
        :raises TargetError: it was not made, or has not all; then it does not
            count.
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

        One that is not finished may stay while somebody backs up: nothing of
        it counts any more.

        :raises TargetError: they cannot be deleted.
        """
        every = self._contents.every(run)
        # First of all, nothing may take the rest for a set; last goes what
        # says that this is being done.
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

    def take_away(
        self, snapshot: snapshots.Snapshot, *, even_if_locked: bool = True
    ) -> None:
        """Delete a snapshot if nobody works on the repository, or bury it.

        :param even_if_locked: else it may stay as it is.
        :raises TargetError: neither can be done.
        """
        try:
            self._repository.call('forget', snapshot.id)
            self._contents.drop([snapshot])
        except troubles.Locked:
            if even_if_locked:
                self.bury(snapshot)

    def _delete(self, some: list[snapshots.Snapshot]) -> None:
        if some:
            self._repository.forget(one.id for one in some)
            self._contents.drop(some)

    def bury(self, snapshot: snapshots.Snapshot) -> None:
        """Say in the repository that a snapshot does not count.

        It cannot be deleted while somebody backs up: that needs a lock which
        shuts out everybody else.
        """
        tags = snapshots.of_deletion(snapshot.run, [snapshot.id])
        feed = self._fed(_BURIED, tags, snapshot.id.encode())
        with contextlib.closing(feed):
            made, _ = feed.end()
        self._contents.add(
            snapshots.Snapshot(
                made,
                datetime.datetime.now(datetime.UTC),
                snapshot.run,
                snapshots.Holds.DELETED,
                others=frozenset({snapshot.id}),
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
        """Bury what a failure has left: restic can fail after its work."""
        with contextlib.suppress(errors.TargetError):
            self._contents.reload()
            for one in frozenset(self._contents.every(new.run)) - before:
                if one.path == new.inside:
                    self.bury(one)
