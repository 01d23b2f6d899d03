# SPDX-License-Identifier: Apache-2.0
"""Selecting resources by their backups.

The options are those of ``backup run``, but names and IDs are looked up in
manifests instead of the cloud: a selected resource may have been deleted.
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
    """The identity of a resource within its project."""

    kind: resources.Kind
    id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Past:
    """A resource as its backups show it.

    :param name: its newest name.
    :param names: all names that it ever had.
    :param entry: the entry of its newest complete backup, or its newest entry
        if none is complete.
    :param run: the run of that entry.
    """

    key: Key
    name: str
    names: frozenset[str]
    entry: manifests.Entry
    run: str

    @property
    def last(self) -> str:
        """The time and the run of its last backup, for people."""
        if not is_complete(self.entry):
            return 'no complete backup'
        when = self.entry.captured_at or 'run'
        return f'last backup {when} ({self.run})'


@dataclasses.dataclass(frozen=True, slots=True)
class _Name:
    """A resource under one of its names, for :mod:`.naming`."""

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
    """Return whether an entry is a complete backup of its resource."""
    return entry.state is results.State.COMPLETE


def key(resource: resources.Resource) -> Key:
    """Return the key of a resource."""
    return Key(resource.kind, resource.id)


def history(every: Sequence[manifests.Manifest]) -> dict[Key, Past]:
    """Return all resources that the manifests have, by their keys.

    :param every: the manifests of one project, the newest first.
    :returns: in the order of the manifests and their entries.
    """
    return of_entries(
        (manifest.run, entry) for manifest in every for entry in manifest.items
    )


def of_entries(
    every: Iterable[tuple[str, manifests.Entry]],
) -> dict[Key, Past]:
    """Return all resources of some entries, as :func:`history` does.

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
    """Return the resources that a request selects, each one once.

    The selectors add up, and ``--exclude`` wins over all of them. With a
    server, its volumes and the image of its disk are selected too. With
    ``--all``, or without a selector, everything in ``past`` is selected.

    :param past: the result of :func:`history`.
    :returns: in the order of ``past``.
    :raises UsageError: if a name fits no or several resources, or if
        ``--match`` fits nothing.
    """
    out = frozenset(_excluded(past, request.exclude))
    said = {*_named(past, request), *_matched(past, request)} - out
    if request.everything or not request.selects:
        said = set(past)
    for one in frozenset(said - out):
        said.update(brought(past, one))
    return tuple(one for one in past if one in said and one not in out)


def only_brought(
    past: Mapping[Key, Past], request: requests.Request
) -> dict[Key, frozenset[Key]]:
    """Return the resources that are selected only with a server.

    :param past: the result of :func:`history`.
    :returns: the servers that bring each one; nothing with ``--all``, which
        selects everything by itself.
    :raises UsageError: as :func:`selected`.
    """
    if request.everything or not request.selects:
        return {}
    out = frozenset(_excluded(past, request.exclude))
    said = {*_named(past, request), *_matched(past, request)} - out
    found: dict[Key, frozenset[Key]] = {}
    for server in said:
        for one in brought(past, server):
            if one not in said | out:
                found[one] = found.get(one, frozenset()) | {server}
    return found


def brought(past: Mapping[Key, Past], one: Key) -> Iterator[Key]:
    """Yield the volumes and the image that hold a server's data.

    :param one: the server; nothing is yielded for another resource.
    """
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
    """Return whether a volume was captured with a server, in the same run."""
    return other.run == server.run and other.entry.group == server.key.id


def _holds(other: Past, server: Past) -> bool:
    """Return whether an image holds the disk of a shelved server."""
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
    """Return the resource with an ID, or with a present or earlier name."""
    if Key(kind, text) in past:
        return Key(kind, text)
    every = [
        _Name(found, name) for found in past.values() for name in found.names
    ]
    if not any(one.kind == kind and one.name == text for one in every):
        # The text may be an href, or fit nothing. With only the newest name
        # of each resource, a message names no resource twice.
        every = [_Name(found, found.name) for found in past.values()]
    return naming.find_any(
        (kind.value,),
        text,
        every,
        lambda one: one.past.last,
        _what_there_is(past.values()),
    ).past.key


def _what_there_is(past: Iterable[Past]) -> str:
    """Return a sentence that names some of the resources with backups."""
    every = sorted(_Name(found, found.name).label for found in past)
    if not every:
        return 'There are no backups.'
    more = len(every) - _SHOWN
    shown = ', '.join(every[:_SHOWN])
    return f'There are backups of {shown}' + (
        f' and {more} more.' if more > 0 else '.'
    )
