# SPDX-License-Identifier: Apache-2.0
"""Finding out which volume types encrypt.

Only administrators can ask Cinder for that. So it is inferred from the
volumes of the project.
"""

from collections.abc import Iterable
import dataclasses

from backupclient.model import on_offer
from backupclient.model import resources

# In other states, a volume may have no key yet, or may never get one.
_MADE = frozenset({'available', 'in-use', 'reserved', 'backing-up'})


def inferred(
    offers: on_offer.Offers, volumes: Iterable[resources.Volume]
) -> on_offer.Offers:
    """Return the offers with ``encrypted`` set where volumes show it.

    If the volumes of a type differ, it stays unknown. The restore then checks
    the volume that it has made.
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
