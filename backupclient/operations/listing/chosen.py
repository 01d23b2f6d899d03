# SPDX-License-Identifier: Apache-2.0
"""Find the resources that a selection means, among those with backups.

Only resources that the selection may mean are looked up in the cache, so the
cost of a name does not grow with the number of resources.
"""

from collections.abc import Iterator, Mapping, Sequence

from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import resources
from backupclient.operations.listing import places
from backupclient.planner import backed_up
from backupclient.sets.index import indexes

_Sets = Sequence[places.Set]


def keys(
    index: indexes.Index, sets: _Sets, request: requests.Request
) -> tuple[indexes.Key, ...] | None:
    """Return the keys of the resources that a request selects, None for all.

    :raises UsageError: if a name fits no resource or several.
    """
    if request == requests.Request() or request == requests.Request(
        everything=True
    ):
        return None
    past = _past(index, sets, request)
    return tuple(
        (one.kind.value, one.id) for one in backed_up.selected(past, request)
    )


def _past(
    index: indexes.Index, sets: _Sets, request: requests.Request
) -> dict[backed_up.Key, backed_up.Past]:
    """Return the histories of the resources that a request may mean."""
    if request.everything or request.match or not request.selects:
        return backed_up.of_entries(_entries(index, sets, None))
    wanted: list[indexes.Key] = []
    for kind, text in _texts(request):
        named = index.named(kind, text) or index.named(kind, _last(text))
        wanted += named
    past = backed_up.of_entries(_entries(index, sets, wanted))
    if not all(_known(past, kind, text) for kind, text in _texts(request)):
        # A name is unknown: the error will list the known names, so read all.
        return backed_up.of_entries(_entries(index, sets, None))
    brought = dict.fromkeys(
        key for one in past.values() for key in _brought(index, sets, one)
    )
    return backed_up.of_entries(
        _entries(index, sets, tuple(dict.fromkeys((*wanted, *brought))))
    )


def _texts(request: requests.Request) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each name or ID that was typed."""
    for kind, texts in (
        (resources.Kind.SERVER, request.servers),
        (resources.Kind.VOLUME, request.volumes),
        (resources.Kind.IMAGE, request.images),
        (resources.Kind.SECRET, request.secrets),
    ):
        for text in texts:
            yield kind.value, text
    for text in request.exclude:
        kind_, _, name = text.partition('/')
        yield kind_, name


def _known(
    past: Mapping[backed_up.Key, backed_up.Past], kind: str, text: str
) -> bool:
    return any(
        key.kind.value == kind
        and (key.id in (text, _last(text)) or text in one.names)
        for key, one in past.items()
    )


def _brought(
    index: indexes.Index, sets: _Sets, one: backed_up.Past
) -> Iterator[indexes.Key]:
    """Yield the volumes and images that may hold the data of a server."""
    if one.entry.server is None:
        return
    for volume_id in one.entry.server.volume_ids:
        yield resources.Kind.VOLUME.value, volume_id
    for each in sets:
        if each.run == one.run and each.header is not None:
            number = each.header.number
            for entry in index.captured_with(number, one.key.id):
                yield _key(entry)
            if one.entry.covered_by:
                yield from map(_key, index.images(number))


def _entries(
    index: indexes.Index,
    sets: _Sets,
    wanted: Sequence[indexes.Key] | None,
) -> Iterator[tuple[str, manifests.Entry]]:
    for one in sets:
        if one.header is not None:
            for entry in index.entries(one.header.number, wanted):
                yield one.run, entry


def _key(entry: manifests.Entry) -> indexes.Key:
    return entry.resource.kind.value, entry.resource.id


def _last(href: str) -> str:
    return href.rstrip('/').rpartition('/')[2]
