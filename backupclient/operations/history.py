# SPDX-License-Identifier: Apache-2.0
"""List backups: ``openstack backup history``. Nothing is changed.

Backups in targets are listed without a cloud or a login. Manifests that were
read are kept in a cache, which can be deleted at any time.
"""

from collections.abc import Iterator, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import histories
from backupclient.model import requests
from backupclient.model import verification
from backupclient.operations import sessions
from backupclient.operations.listing import chosen
from backupclient.operations.listing import places
from backupclient.planner import history as planner
from backupclient.sets.index import indexes
from backupclient.sets.index import reading
from backupclient.sets.index import using
from backupclient.store import targets

INCOMPLETE = 3
_ALL = (requests.Request(), requests.Request(everything=True))
"""The selections that mean all resources."""


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """Which backups are listed.

    :param places: targets, as in a request; empty for backups in the cloud.
    :param selection: only its selection is used.
    :param last: the number of backups listed per resource and place, or of
        runs per place, the newest first; None for all.
    :param since: the earliest time in ISO 8601, ``''`` for no limit.
    :param until: the latest time, likewise.
    """

    places: tuple[str, ...] = ()
    selection: requests.Request = requests.Request()  # noqa: RUF009 - frozen
    last: int | None = None
    since: str = ''
    until: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Backups:
    """The backups of resources.

    :param rows: the newest first.
    :param problems: a sentence for each run that could not be read.
    """

    rows: tuple[histories.Backup, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 3 if a run could not be read."""
        return INCOMPLETE if self.problems else 0


@dataclasses.dataclass(frozen=True, slots=True)
class Runs:
    """The runs in places; the fields are like those of :class:`Backups`."""

    rows: tuple[histories.Run, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 3 if a run could not be read."""
        return INCOMPLETE if self.problems else 0


def backups(query: Query, session: sessions.Session | None = None) -> Backups:
    """Return the backups of resources.

    :param session: a login, needed if the query names no place.
    :raises UsageError: if a name fits no resource or several.
    :raises TargetError: if a target cannot be read.
    """

    def listed(index: indexes.Index) -> Backups:
        sets = _sets(index, query, session, _begun_in_time(query))
        keys = chosen.keys(index, sets, query.selection)
        rows = (
            row
            for one in sets
            for row in _rows(index, one, keys)
            if planner.within(row.time, query.since, query.until)
        )
        return Backups(
            tuple(planner.newest(rows, query.last)), _problems(sets)
        )

    return using.do(listed)


def runs(query: Query, session: sessions.Session | None = None) -> Runs:
    """Return the runs in places; otherwise like :func:`backups`."""

    def listed(index: indexes.Index) -> Runs:
        sets = _sets(index, query, session, _needed(query))
        keys = chosen.keys(index, sets, query.selection)
        found = [
            _run(one)
            for one in sets
            if one.run
            and planner.within(one.started_at, query.since, query.until)
            and (keys is None or _has(index, one, keys))
        ]
        return Runs(tuple(_newest(found, query.last)), _problems(sets))

    return using.do(listed)


def _sets(
    index: indexes.Index,
    query: Query,
    session: sessions.Session | None,
    wanted: reading.Wanted,
) -> tuple[places.Set, ...]:
    if query.places:
        return places.newest_first(
            one
            for target in dict.fromkeys(query.places)
            for one in places.of_store(
                index, targets.find(target), wanted=wanted
            )
        )
    if session is None:
        raise errors.UsageError(
            'Say where the backups are: targets, or the session of the '
            'project that has them.'
        )
    return places.newest_first(places.of_cloud(index, session.cloud, wanted))


def _begun_in_time(query: Query) -> reading.Wanted:
    """Return a filter that drops runs begun after ``query.until``."""
    return lambda every: [
        one
        for one in every
        if planner.within(places.begun(one.run), '', query.until)
    ]


def _needed(query: Query) -> reading.Wanted:
    """Return a filter that drops runs which the list will not contain."""
    # A selected resource may exist only in older runs: then read all.
    everything = query.selection in _ALL
    since, most = (query.since, query.last) if everything else ('', None)
    return lambda every: [
        one
        for one in every
        if planner.within(places.begun(one.run), since, query.until)
    ][:most]


def _rows(
    index: indexes.Index, one: places.Set, keys: Sequence[indexes.Key] | None
) -> Iterator[histories.Backup]:
    header = one.header
    if header is None:
        # Without a manifest, nobody knows which resources it has.
        if one.run and keys is None:
            yield _row_without_manifest(one)
        return
    known = places.standings(index, one, keys)
    for entry in index.entries(header.number, keys):
        key = (entry.resource.kind.value, entry.resource.id)
        standing = known.get(key, verification.Standing())
        yield planner.backup(
            entry, one.run, one.started_at, one.place, standing
        )


def _row_without_manifest(one: places.Set) -> histories.Backup:
    """Return the row of a run that is unfinished or cannot be read."""
    note = one.problem or (
        'It is not finished: it goes on, or was interrupted. "openstack '
        f'backup run --resume {one.run}" goes on with it where it was begun.'
    )
    return histories.Backup(
        run=one.run,
        captured_at='',
        time=one.started_at,
        kind=histories.SET,
        name='',
        id=one.run,
        procedure='',
        state=one.state,
        size=None,
        place=one.place,
        standing=verification.Standing(damaged=bool(one.problem)),
        notes=(note,),
    )


def _run(one: places.Set) -> histories.Run:
    header = one.header
    return histories.Run(
        run=one.run,
        started_at=one.started_at,
        finished_at=header.finished_at if header else '',
        state=one.state,
        complete=header.complete if header else None,
        failed=header.failed if header else None,
        skipped=header.skipped if header else None,
        size=header.size if header else None,
        place=one.place,
        host=one.host,
    )


def _has(
    index: indexes.Index, one: places.Set, keys: Sequence[indexes.Key]
) -> bool:
    """Return whether a run has any of these resources."""
    if one.header is None:
        return False
    found = index.entries(one.header.number, keys)
    return next(found, None) is not None


def _newest(
    rows: Sequence[histories.Run], count: int | None
) -> Iterator[histories.Run]:
    """Yield the newest runs of each place.

    :param count: the number of runs per place; None for all.
    """
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.place] = seen.get(row.place, 0) + 1
        if count is None or seen[row.place] <= count:
            yield row


def _problems(sets: Sequence[places.Set]) -> tuple[str, ...]:
    return tuple(one.problem for one in sets if one.problem)
