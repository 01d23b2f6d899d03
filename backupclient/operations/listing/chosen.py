# SPDX-License-Identifier: Apache-2.0
"""Which resources a selection means, among those that were backed up.

Only what a selection may mean is looked up in the cache, so that a name costs
as much with ten thousand resources as with ten.
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
    """Return the resources that a request selects, None for all.

    :raises UsageError: a name fits nothing or several resources.
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
    """Return what is known of the resources that a request may mean."""
    if request.everything or request.match or not request.selects:
        return backed_up.of_entries(_entries(index, sets, None))
    wanted: list[indexes.Key] = []
    for kind, text in _texts(request):
        named = index.named(kind, text) or index.named(kind, _last(text))
        wanted += named
    past = backed_up.of_entries(_entries(index, sets, wanted))
    if not all(_known(past, kind, text) for kind, text in _texts(request)):
        # The error says what there is.
        return backed_up.of_entries(_entries(index, sets, None))
    brought = dict.fromkeys(
        key for one in past.values() for key in _brought(index, sets, one)
    )
    return backed_up.of_entries(
        _entries(index, sets, tuple(dict.fromkeys((*wanted, *brought))))
    )


def _texts(request: requests.Request) -> Iterator[tuple[str, str]]:
    """Return what was typed, with its kind."""
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
    """Return what a server may bring: where its data are."""
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
