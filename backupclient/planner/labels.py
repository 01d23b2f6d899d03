# SPDX-License-Identifier: Apache-2.0
"""The metadata and tags that ``--match`` looks at."""

from collections.abc import Collection

from backupclient.model import resources

Pairs = frozenset[tuple[str, str]]
"""Pairs of a key and its value."""

_KEYS_SHOWN = 10


def of_server(server: resources.Server) -> Pairs:
    """Return a server's metadata and tags.

    The tag ``env=prod`` counts as the metadata ``env`` = ``prod``, a tag
    without ``=`` as a key.
    """
    return frozenset({*server.metadata.items(), *map(_pair, server.tags)})


def of_volume(volume: resources.Volume) -> Pairs:
    """Return a volume's metadata."""
    return frozenset(volume.metadata.items())


def fit(pairs: Pairs, wanted: Collection[tuple[str, str | None]]) -> bool:
    """Return whether pairs contain all wanted pairs.

    :param wanted: pairs as in a request; the value None matches any value.
    """
    return all(_fits(pairs, key, value) for key, value in wanted)


def nothing(
    wanted: Collection[tuple[str, str | None]], known: Collection[Pairs]
) -> str:
    """Return the message that nothing fits, with some existing keys."""
    said = ' and '.join(
        key if value is None else f'{key}={value}' for key, value in wanted
    )
    keys = sorted({key for pairs in known for key, _ in pairs})
    there = ', '.join(keys[:_KEYS_SHOWN]) or 'none'
    return f'No server or volume fits --match {said}. Keys in use: {there}.'


def _pair(tag: str) -> tuple[str, str]:
    key, _, value = tag.partition('=')
    return key, value


def _fits(pairs: Pairs, key: str, value: str | None) -> bool:
    if value is None:
        return any(key == known for known, _ in pairs)
    return (key, value) in pairs
