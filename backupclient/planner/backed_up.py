# SPDX-License-Identifier: Apache-2.0
"""Which of the resources that were backed up a selection means.

The words are those of a backup's request, and they are looked up in manifests
instead of in the cloud: what is selected need not exist any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.planner import labels
from backupclient.planner import naming

_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """What tells a resource from all others of its project."""

    kind: resources.Kind
    id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Past:
    """What is known of a resource by its backups.

    :param name: the newest that it had.
    :param names: all that it had.
    :param entry: of its newest complete backup, or of its newest entry where
        none is complete.
    :param run: of that entry.
    """

    key: Key
    name: str
    names: frozenset[str]
    entry: manifests.Entry
    run: str

    @property
    def last(self) -> str:
        """When it was last backed up, for people."""
        if not is_complete(self.entry):
            return 'no complete backup'
        when = self.entry.captured_at or 'run'
        return f'last backup {when} ({self.run})'


@dataclasses.dataclass(frozen=True, slots=True)
class _Name:
    """A name of a resource, as :mod:`naming` wants it."""

    past: Past
    name: str

    @property
    def kind(self) -> str:
        return self.past.key.kind.value

    @property
    def id(self) -> str:
        return self.past.key.id

    @property
    def label(self) -> str:
        return resources.Resource(self.past.key.kind, self.name, self.id).label


def is_complete(entry: manifests.Entry) -> bool:
    """Tell whether an entry is a complete backup of its resource."""
    return entry.state is results.State.COMPLETE


def key(resource: resources.Resource) -> Key:
    """Return what tells a resource from others."""
    return Key(resource.kind, resource.id)


def history(every: Sequence[manifests.Manifest]) -> dict[Key, Past]:
    """Return what is known of each resource.

    :param every: the manifests of one project, the newest first.
    :returns: in the order of the manifests and their entries.
    """
    return of_entries(
        (manifest.run, entry) for manifest in every for entry in manifest.items
    )


def of_entries(
    every: Iterable[tuple[str, manifests.Entry]],
) -> dict[Key, Past]:
    """Return what is known of each resource, as :func:`history` does.

    :param every: runs and their entries, the newest first.
    """
    names: dict[Key, dict[str, None]] = {}
    newest: dict[Key, tuple[manifests.Entry, str]] = {}
    for run, entry in every:
        one = key(entry.resource)
        names.setdefault(one, {})[entry.resource.name] = None
        known = newest.setdefault(one, (entry, run))
        if is_complete(entry) and not is_complete(known[0]):
            newest[one] = (entry, run)
    return {
        one: Past(one, next(iter(names[one])), frozenset(names[one]), *found)
        for one, found in newest.items()
    }


def selected(
    past: Mapping[Key, Past], request: requests.Request
) -> tuple[Key, ...]:
    """Find what a request means, each resource once.

    The selectors add up, and ``--exclude`` wins over all of them. A server
    brings the volumes that it had, and the image that holds its disk.

    :param past: as of :func:`history`; with ``--all`` all of it is meant.
    :returns: in the order of ``past``.
    :raises UsageError: a name fits nothing or more than one resource, or
        ``--match`` fits nothing.
    """
    out = frozenset(_excluded(past, request.exclude))
    said = {*_named(past, request), *_matched(past, request)} - out
    if request.everything or not request.selects:
        said = set(past)
    for one in frozenset(said - out):
        said.update(brought(past, one))
    return tuple(one for one in past if one in said and one not in out)


def brought(past: Mapping[Key, Past], one: Key) -> Iterator[Key]:
    """Find what a server brings: where its data are."""
    found = past.get(one)
    if found is None or found.entry.server is None:
        return
    disks = frozenset(found.entry.server.volume_ids)
    for other in past.values():
        is_disk = other.key.kind is resources.Kind.VOLUME and (
            other.key.id in disks or _in_group(found, other)
        )
        if is_disk or _holds(other, found):
            yield other.key


def _in_group(server: Past, other: Past) -> bool:
    """Tell whether a volume was captured with a server, in the same run."""
    return other.run == server.run and other.entry.group == server.key.id


def _holds(other: Past, server: Past) -> bool:
    """Tell whether an image holds the disk of a shelved server."""
    return (
        other.key.kind is resources.Kind.IMAGE
        and other.entry.resource.label == server.entry.covered_by
    )


def _named(
    past: Mapping[Key, Past], request: requests.Request
) -> Iterator[Key]:
    for kind, texts in (
        (resources.Kind.SERVER, request.servers),
        (resources.Kind.VOLUME, request.volumes),
        (resources.Kind.IMAGE, request.images),
        (resources.Kind.SECRET, request.secrets),
    ):
        for text in texts:
            yield _find(past, kind, text)


def _excluded(
    past: Mapping[Key, Past], exclude: Iterable[str]
) -> Iterator[Key]:
    for text in exclude:
        kind, _, name = text.partition('/')
        if kind not in list(resources.Kind) or not name:
            raise errors.UsageError(
                f'--exclude wants KIND/NAME-OR-ID, not "{text}". '
                f'The kinds are: {", ".join(resources.Kind)}.'
            )
        yield _find(past, resources.Kind(kind), name)


def _matched(
    past: Mapping[Key, Past], request: requests.Request
) -> frozenset[Key]:
    if not request.match:
        return frozenset()
    known = {one: _labels(found.entry) for one, found in past.items()}
    found = frozenset(
        one
        for one, pairs in known.items()
        if pairs is not None and labels.fit(pairs, request.match)
    )
    if not found:
        there = [pairs for pairs in known.values() if pairs is not None]
        raise errors.UsageError(labels.nothing(request.match, there))
    return found


def _labels(entry: manifests.Entry) -> labels.Pairs | None:
    if entry.server:
        return labels.of_server(entry.server)
    return labels.of_volume(entry.volume) if entry.volume else None


def _find(past: Mapping[Key, Past], kind: resources.Kind, text: str) -> Key:
    """Find the resource that has an ID, or has had a name."""
    if Key(kind, text) in past:
        return Key(kind, text)
    every = [
        _Name(found, name) for found in past.values() for name in found.names
    ]
    if not any(one.kind == kind and one.name == text for one in every):
        # An href, or nothing: each resource once, by its newest name.
        every = [_Name(found, found.name) for found in past.values()]
    return naming.find_any(
        (kind.value,),
        text,
        every,
        lambda one: one.past.last,
        _what_there_is(past.values()),
    ).past.key


def _what_there_is(past: Iterable[Past]) -> str:
    """Say what the backups have, as far as it fits into a sentence."""
    every = sorted(_Name(found, found.name).label for found in past)
    if not every:
        return 'There are no backups.'
    more = len(every) - _SHOWN
    shown = ', '.join(every[:_SHOWN])
    return f'There are backups of {shown}' + (
        f' and {more} more.' if more > 0 else '.'
    )
