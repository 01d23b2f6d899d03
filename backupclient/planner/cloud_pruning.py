# SPDX-License-Identifier: Apache-2.0
"""What ``prune`` keeps and deletes in the cloud. Pure.

Here each artifact is deleted on its own. An artifact that does not carry the
tags of its run is never deleted, whatever a manifest says of it. Cinder
backups build on each other: what a kept one may build on stays.
"""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import datetime

from backupclient.model import copies
from backupclient.model import prunings
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags
from backupclient.planner import backed_up
from backupclient.planner import pruning
from backupclient.planner import retention

CLOUD = 'cloud'
_WHOLE = 'whole'
_FINISHED = frozenset({'available', 'active'})
_FAILED = frozenset({'error', 'killed'})
_UNKNOWN_TIME = datetime.datetime.max.replace(tzinfo=datetime.UTC)

_Thing = resources.CinderBackup | resources.Image


@dataclasses.dataclass(frozen=True, slots=True)
class Cloud:
    """What the project has now. The lists are complete.

    :param backups: all Cinder backups, this program's or not.
    :param alive: by run, why it counts as alive.
    :param claims: by claim, as ``volume/<ID>``: which run works on it.
    """

    backups: tuple[resources.CinderBackup, ...] = ()
    images: tuple[resources.Image, ...] = ()
    alive: Mapping[str, str] = dataclasses.field(default_factory=dict)
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def things(self) -> dict[tuple[str, str], _Thing]:
        """Return what can be an artifact, by its kind and ID."""
        found: dict[tuple[str, str], _Thing] = {}
        found |= {('backup', one.id): one for one in self.backups}
        found |= {('image', one.id): one for one in self.images}
        return found


def of_cloud(
    sets: Iterable[pruning.Set],
    cloud: Cloud,
    rules: retention.Rules,
    wanted: pruning.Wanted,
    now: datetime.datetime,
) -> tuple[prunings.Row, ...]:
    """Decide what is kept in the cloud.

    :param sets: by the manifests in the cloud, or by the journals.
    :param now: by the cloud's clock.
    :returns: a row for each artifact that is there, for each resource whose
        data are in others, and for each manifest that cannot be read.
    """
    every = pruning.newest_first(sets)
    things = cloud.things()
    there = [copy for one in every for copy in _copies(one, things, cloud)]
    reasons = pruning.kept(there, rules, wanted, now)
    reasons |= dict(_of_wholes(there, reasons))
    going = {
        copy.entry.artifact_id for copy in there if copy.id not in reasons
    }
    needed = _foundations(cloud.backups, going)
    for copy in there:
        why = needed.get(copy.entry.artifact_id)
        if why and copy.id not in reasons:
            reasons[copy.id] = (why,)
    return tuple(pruning.rows(every, there, CLOUD, reasons))


def belongs(thing: _Thing, run: str, resource: resources.Resource) -> bool:
    """Tell whether a thing carries the tags of an artifact itself.

    :param run: that has to have made it, of this resource.
    """
    found: Mapping[str, str]
    if isinstance(thing, resources.Image):
        found = tags.own(thing.id, thing.properties)
    else:
        found = thing.metadata
    wanted = tags.metadata(run, resource, tags.Role.ARTIFACT)
    return wanted.items() <= found.items()


def link(backup: resources.CinderBackup) -> retention.Link:
    """Return a Cinder backup as a part of its chain."""
    at = stamps.read(backup.data_at) or stamps.read(backup.created_at)
    return retention.Link(
        backup.id, backup.volume_id, at or _UNKNOWN_TIME, backup.incremental
    )


def _copies(
    one: pruning.Set,
    things: Mapping[tuple[str, str], _Thing],
    cloud: Cloud,
) -> Iterator[pruning.Copy]:
    for number, entry in enumerate(one.copies):
        if entry.artifact is None:
            if not (entry.file or entry.key):
                yield pruning.make_copy(one, entry, number, _WHOLE)
            continue
        thing = things.get((entry.artifact.kind, entry.artifact.id))
        if thing is not None:
            copy = pruning.make_copy(one, entry, number, CLOUD)
            yield dataclasses.replace(
                copy,
                damaged=thing.status.lower() in _FAILED,
                held=copy.held
                or _foreign(one.run, entry.resource, entry.artifact, thing)
                or _in_use(one.run, entry.resource, thing, cloud),
            )


def _foreign(
    run: str,
    resource: resources.Resource,
    artifact: copies.Artifact,
    thing: _Thing,
) -> str:
    """Say why a thing is not this program's to delete."""
    if belongs(thing, run, resource):
        return ''
    return (
        f'The {artifact.kind} {artifact.id} does not carry the tags of run '
        f'{run}.'
    )


def _in_use(
    run: str, resource: resources.Resource, thing: _Thing, cloud: Cloud
) -> str:
    """Say who works with an artifact, or on the resource it is of."""
    if run in cloud.alive:
        return cloud.alive[run]
    claim = f'{resource.kind}/{resource.id}'
    if claim in cloud.claims:
        return f'Run {cloud.claims[claim]} is working on {resource.label}.'
    if thing.status.lower() not in _FINISHED | _FAILED:
        return f'It is in the state "{thing.status}".'
    if isinstance(thing, resources.CinderBackup):
        for other in cloud.backups:
            if other.volume_id == thing.volume_id and (
                other.status.lower() == 'creating'
            ):
                return f'Backup {other.id}, which is being made, may need it.'
    return ''


def _of_wholes(
    every: Iterable[pruning.Copy], reasons: pruning.Reasons
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Keep what holds the data of a kept server."""
    by_set: dict[str, list[pruning.Copy]] = {}
    for copy in every:
        by_set.setdefault(copy.set.run, []).append(copy)
    for same in by_set.values():
        for whole in same:
            kept = whole.id in reasons and whole.entry.artifact is None
            found = (
                pruning.parts(whole.set, whole.entry) if kept else frozenset()
            )
            for copy in same:
                part = backed_up.key(copy.entry.resource) in found
                if part and copy.id not in reasons:
                    label = whole.entry.resource.label
                    yield copy.id, (f'It holds data of {label}, kept too.',)


def _foundations(
    backups: Iterable[resources.CinderBackup], going: Iterable[str]
) -> dict[str, str]:
    """Find what backups that stay may build on.

    :param going: the IDs of those that do not stay.
    """
    chains: dict[str, list[retention.Link]] = {}
    for one in backups:
        chains.setdefault(one.volume_id, []).append(link(one))
    gone = frozenset(going)
    found: dict[str, str] = {}
    for chain in chains.values():
        for part in sorted(chain, key=lambda each: (each.at, each.id)):
            if part.id not in gone:
                for id_ in retention.foundations(part, chain):
                    found[id_] = f'Backup {part.id}, which stays, needs it.'
    return found
