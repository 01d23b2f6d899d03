# SPDX-License-Identifier: Apache-2.0
"""Deciding what ``prune`` keeps and deletes in one place. Pure.

The rules apply to each resource on its own: cloud, project, kind and ID. In a
store, the set of a run is deleted as a whole if no backup in it is kept. In
the cloud, each artifact is deleted on its own (:mod:`.cloud_pruning`).
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import datetime

from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import prunings
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags
from backupclient.model import verification
from backupclient.planner import backed_up
from backupclient.planner import retention

NOT_SELECTED = 'It is not selected.'
IN_SET = 'Something else in its set is kept.'
UNUSABLE = 'What its manifest covers is not known, so all of it stays.'

Wanted = frozenset[tuple[inventories.Project, backed_up.Key]]
"""The selected resources."""


@dataclasses.dataclass(frozen=True, slots=True)
class Set:
    """The set of a run in a place.

    :param manifest: None if it cannot be used.
    :param problem: why the manifest cannot be used, in a sentence.
    :param standings: what verifications found, by kind and ID.
    :param held: why the whole set must stay, in a sentence, for example
        because the run is alive; ``''`` for no such reason.
    """

    run: str
    manifest: manifests.Manifest | None
    problem: str = ''
    standings: Mapping[tuple[str, str], verification.Standing] = (
        dataclasses.field(default_factory=dict)
    )
    held: str = ''

    @property
    def copies(self) -> tuple[manifests.Entry, ...]:
        """The complete backups in it."""
        items = self.manifest.items if self.manifest else ()
        return tuple(one for one in items if backed_up.is_complete(one))


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """A complete backup of a resource in a set.

    :param number: its index among the copies of its set.
    :param group: the rules count copies with the same group together.
    :param at: when the data were captured.
    :param held: why it stays and is not counted, ``''`` for no such reason.
    """

    set: Set
    entry: manifests.Entry
    number: int
    group: Hashable
    at: datetime.datetime
    damaged: bool = False
    held: str = ''

    @property
    def id(self) -> str:
        """The copy's ID, unique in its place."""
        return f'{self.set.run} {self.number:06}'

    @property
    def standing(self) -> verification.Standing:
        """The result of its verifications."""
        resource = self.entry.resource
        return self.set.standings.get(
            (resource.kind.value, resource.id), verification.Standing()
        )

    @property
    def backup(self) -> retention.Backup:
        """The backup as the rules need it."""
        standing = self.standing
        return retention.Backup(
            self.id,
            self.at,
            self.damaged or standing.damaged,
            verification.Depth.DATA in standing.proved,
        )

    def is_in(self, wanted: Wanted) -> bool:
        """Return whether its resource is selected."""
        manifest = self.set.manifest
        assert manifest is not None  # noqa: S101
        key = backed_up.key(self.entry.resource)
        return (manifest.identity.project, key) in wanted


Reasons = dict[str, tuple[str, ...]]
"""Why copies are kept, by their IDs. All other copies are deleted."""


def of_store(
    sets: Iterable[Set],
    place: str,
    rules: retention.Rules,
    wanted: Wanted,
    now: datetime.datetime,
) -> tuple[prunings.Row, ...]:
    """Return the rows that say what is kept and deleted in a store.

    :param sets: all finished sets of the store.
    :param place: the store, for the rows.
    :param wanted: the selected resources; backups of all others stay.
    :returns: a row for each complete backup and for each set that cannot be
        read, the newest run first.
    """
    every = newest_first(sets)
    copies = [copy for each in every for copy in copies_of(each)]
    reasons = kept(copies, rules, wanted, now)
    full = {copy.set.run for copy in copies if copy.id in reasons}
    for copy in copies:
        if copy.set.run in full:
            reasons.setdefault(copy.id, (IN_SET,))
    return tuple(rows(every, copies, place, reasons))


def newest_kept(
    sets: Iterable[Set], rows_: Iterable[prunings.Row]
) -> dict[inventories.Project, str]:
    """Return the newest run with a kept backup, by project."""
    projects = {
        one.run: one.manifest.identity.project for one in sets if one.manifest
    }
    found: dict[inventories.Project, str] = {}
    for row in rows_:
        if row.action is prunings.Action.KEEP and row.run in projects:
            project = projects[row.run]
            found[project] = max(row.run, found.get(project, ''))
    return found


def merged(
    *several: Sequence[prunings.Row],
) -> tuple[prunings.Row, ...]:
    """Return all rows, sorted by run, the newest first."""
    every = (row for rows_ in several for row in rows_)
    return tuple(sorted(every, key=lambda row: row.run, reverse=True))


def newest_first(sets: Iterable[Set]) -> list[Set]:
    """Return sets sorted by run, the newest first."""
    return sorted(sets, key=lambda one: one.run, reverse=True)


def copies_of(one: Set) -> Iterator[Copy]:
    """Yield the complete backups of a set in a store."""
    for number, entry in enumerate(one.copies):
        yield make_copy(one, entry, number, medium(entry))


def medium(entry: manifests.Entry) -> str:
    """Return how a set in a store has a backup: file, record or whole.

    The set only records an artifact in the cloud, so it must not count like a
    file. The data of a whole are in other resources.
    """
    if entry.file or entry.key:
        return 'file'
    return 'record' if entry.artifact else 'whole'


def make_copy(
    one: Set, entry: manifests.Entry, number: int, medium_: str
) -> Copy:
    """Return a complete backup of a set as a copy.

    :param medium_: copies of different media are not counted together.
    """
    assert one.manifest is not None  # noqa: S101
    group = (
        one.manifest.identity.project,
        backed_up.key(entry.resource),
        medium_,
    )
    return Copy(one, entry, number, group, captured(one, entry), held=one.held)


def captured(one: Set, entry: manifests.Entry) -> datetime.datetime:
    """Return when the data of a backup were captured.

    A backup without that time, such as a secret's, has the time of its run.
    """
    assert one.manifest is not None  # noqa: S101
    return (
        stamps.read(entry.captured_at)
        or stamps.read(one.manifest.created_at)
        or tags.started(one.run)
    )


def kept(
    copies: Iterable[Copy],
    rules: retention.Rules,
    wanted: Wanted,
    now: datetime.datetime,
) -> Reasons:
    """Return why copies are kept, by the rules for each resource."""
    groups: dict[Hashable, list[Copy]] = {}
    for copy in copies:
        groups.setdefault(copy.group, []).append(copy)
    found: Reasons = {}
    for group in groups.values():
        found |= _kept_of(group, rules, wanted, now)
    return found


def _kept_of(
    group: Sequence[Copy],
    rules: retention.Rules,
    wanted: Wanted,
    now: datetime.datetime,
) -> Reasons:
    """Return why copies of one resource are kept."""
    if not group[0].is_in(wanted):
        return {copy.id: (NOT_SELECTED,) for copy in group}
    counted = [copy.backup for copy in group if not copy.held]
    held = {copy.id: (copy.held,) for copy in group if copy.held}
    return held | retention.keep(counted, rules, now)


def rows(
    sets: Iterable[Set],
    copies: Iterable[Copy],
    place: str,
    reasons: Reasons,
) -> Iterator[prunings.Row]:
    """Yield the rows of some sets, in their order."""
    of_run: dict[str, list[Copy]] = {}
    for copy in copies:
        of_run.setdefault(copy.set.run, []).append(copy)
    for one in sets:
        if one.manifest is None:
            yield _unusable(one, place)
        for copy in of_run.get(one.run, ()):
            yield _row(copy, place, reasons.get(copy.id, ()))


def _row(copy: Copy, place: str, reasons: tuple[str, ...]) -> prunings.Row:
    resource = copy.entry.resource
    action = prunings.Action.KEEP if reasons else prunings.Action.DELETE
    has_data = copy.entry.file or copy.entry.artifact
    return prunings.Row(
        run=copy.set.run,
        captured=copy.at.astimezone(datetime.UTC).isoformat(
            timespec='seconds'
        ),
        kind=resource.kind.value,
        name=resource.name,
        id=resource.id,
        place=place,
        size=copy.entry.size if has_data else None,
        action=action,
        reasons=reasons,
        artifact=copy.entry.artifact_id,
    )


def _unusable(one: Set, place: str) -> prunings.Row:
    """Return the row of a set whose manifest cannot be used."""
    return prunings.Row(
        run=one.run,
        captured='',
        kind=prunings.SET,
        name='',
        id=one.run,
        place=place,
        size=None,
        action=prunings.Action.KEEP,
        reasons=(one.problem, UNUSABLE),
    )


def parts(one: Set, entry: manifests.Entry) -> frozenset[backed_up.Key]:
    """Return the resources of a set that have the data of a server's entry."""
    if one.manifest is None or entry.resource.kind is not (
        resources.Kind.SERVER
    ):
        return frozenset()
    past = backed_up.history([one.manifest])
    return frozenset(backed_up.brought(past, backed_up.key(entry.resource)))
