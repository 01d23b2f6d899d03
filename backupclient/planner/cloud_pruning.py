# SPDX-License-Identifier: Apache-2.0
"""Deciding what ``prune`` keeps and deletes in the cloud. Pure.

Each artifact is deleted on its own. An artifact without the tags of its run
is never deleted, whatever a manifest says. Cinder backups build on each
other: a backup stays as long as a kept backup may need it.
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
    """The present state of the project. The lists are complete.

    :param backups: all Cinder backups, this program's or not.
    :param images: all images.
    :param alive: why a run counts as alive, by its ID.
    :param claims: the run that works on a resource, by the claim, such as
        ``volume/<ID>``.
    """

    backups: tuple[resources.CinderBackup, ...] = ()
    images: tuple[resources.Image, ...] = ()
    alive: Mapping[str, str] = dataclasses.field(default_factory=dict)
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def things(self) -> dict[tuple[str, str], _Thing]:
        """Return all backups and images by artifact kind and ID."""
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
    """Return the rows that say what is kept and deleted in the cloud.

    :param sets: the sets from the manifests in the cloud, or from journals.
    :param now: the time of the cloud's clock.
    :returns: a row for each existing artifact, for each resource whose data
        are in other resources, and for each manifest that cannot be read.
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
    """Return whether a backup or an image has the tags of an artifact.

    Tags that an image has inherited from its source do not count.

    :param run: the run that the tags must name.
    :param resource: the resource that the tags must name.
    """
    found: Mapping[str, str]
    if isinstance(thing, resources.Image):
        found = tags.own(thing.id, thing.name, thing.properties)
    else:
        found = thing.metadata
    wanted = tags.metadata(run, resource, tags.Role.ARTIFACT)
    return wanted.items() <= found.items()


def link(backup: resources.CinderBackup) -> retention.Link:
    """Return a Cinder backup as a part of its volume's chain."""
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
    """Return why this program must not delete a thing, else ``''``."""
    if belongs(thing, run, resource):
        return ''
    return (
        f'The {artifact.kind} {artifact.id} does not carry the tags of run '
        f'{run}.'
    )


def _in_use(
    run: str, resource: resources.Resource, thing: _Thing, cloud: Cloud
) -> str:
    """Return which activity prevents an artifact's deletion, else ``''``."""
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
    """Yield reasons to keep copies that have the data of a kept server.

    :returns: IDs of copies, each with its reason.
    """
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
    """Return the backups that a kept backup may build on.

    :param backups: all backups of the project.
    :param going: the IDs of the backups that no rule keeps.
    :returns: reasons by the backups' IDs.
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
