# SPDX-License-Identifier: Apache-2.0
"""The amount of data that a restore moves, and the resources it makes."""

from collections import Counter
from collections.abc import Iterable, Sequence

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores


def moved(items: Iterable[plans.Item]) -> int:
    """Return the number of bytes that the services move.

    Data that go into an image and from there into a volume count twice.
    """
    return sum(_times(item) * (item.size or 0) for item in items)


def _times(item: plans.Item) -> int:
    if item.restore is None:
        return 0
    volume = item.resource.kind is resources.Kind.VOLUME
    return 2 if volume and item.restore.source.file else 1


def made(items: Sequence[plans.Item]) -> str:
    """Return the resources that the items make, in words.

    :returns: such as ``2 volumes (30 GiB), 1 server (m1.small)``; ``''`` if
        they make nothing.
    """
    parts = []
    for kind in (
        resources.Kind.SECRET,
        resources.Kind.IMAGE,
        resources.Kind.VOLUME,
        resources.Kind.SERVER,
    ):
        found = [
            one for one in items if one.restore and one.resource.kind is kind
        ]
        if found:
            parts.append(
                f'{len(found)} {kind}{"s" if len(found) > 1 else ""}'
                f'{_size(found)}'
            )
    return ', '.join(parts)


def _size(found: Sequence[plans.Item]) -> str:
    made = [one.restore.new for one in found if one.restore]
    gib = sum(n.size_gib for n in made if isinstance(n, restores.NewVolume))
    if gib:
        return f' ({gib} GiB)'
    flavors = Counter(
        n.flavor_name for n in made if isinstance(n, restores.NewServer)
    )
    told = ', '.join(
        f'{count} of {name}' if count > 1 else name
        for name, count in sorted(flavors.items())
    )
    return f' ({told})' if told else ''
