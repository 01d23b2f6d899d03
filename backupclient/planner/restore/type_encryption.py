# SPDX-License-Identifier: Apache-2.0
"""Which volume types encrypt: only administrators can ask Cinder for that.

The volumes of the project show it.
"""

from collections.abc import Iterable
import dataclasses

from backupclient.model import on_offer
from backupclient.model import resources

# Of others the key may not be there yet, or may never come.
_MADE = frozenset({'available', 'in-use', 'reserved', 'backing-up'})


def inferred(
    offers: on_offer.Offers, volumes: Iterable[resources.Volume]
) -> on_offer.Offers:
    """Return the offers with what the volumes tell of their types.

    A type whose volumes do not agree stays unknown: the restore then looks
    at the volume that it has made.
    """
    if offers.volume_types is None:
        return offers
    seen: dict[str, set[bool]] = {}
    for volume in volumes:
        if volume.status in _MADE:
            seen.setdefault(volume.type_name, set()).add(volume.encrypted)
    types = tuple(
        dataclasses.replace(one, encrypted=True in seen[one.name])
        if one.encrypted is None and len(seen.get(one.name, ())) == 1
        else one
        for one in offers.volume_types
    )
    return dataclasses.replace(offers, volume_types=types)
