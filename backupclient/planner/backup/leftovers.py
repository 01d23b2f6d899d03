# SPDX-License-Identifier: Apache-2.0
"""Finding leftovers: temporary resources that runs did not delete.

Their tags identify them. An image that Cinder or Nova makes has no tags until
it is complete, or it has inherited the tags of an earlier run from its
source: such an image is identified by its name. An artifact is not a
leftover, unless it is a Cinder backup that has failed.
"""

from collections.abc import Mapping
import datetime

from backupclient.model import inventories
from backupclient.model import leftover
from backupclient.model import resources
from backupclient.model import stamps
from backupclient.model import tags

_Thing = (
    resources.Image
    | resources.Volume
    | resources.Snapshot
    | resources.CinderBackup
    | resources.Server
    | resources.Secret
)


def find(
    inventory: inventories.Inventory, now: datetime.datetime
) -> tuple[leftover.Leftover, ...]:
    """Return the leftovers, in the order in which they must be deleted.

    :param now: the time of the cloud's clock.
    """
    project_id = inventory.identity.project_id
    kinds = leftover.LeftoverKind
    found = [
        _leftover(kinds.SERVER, one, one.metadata, now)
        for one in inventory.servers
        if _is_temporary(one.metadata)
    ]
    found += [
        _leftover(kinds.SECRET, one, one.metadata, now)
        for one in inventory.secrets
        if _is_temporary(one.metadata)
    ]
    found += [
        _leftover(kinds.VOLUME, one, one.metadata, now)
        for one in inventory.volumes
        if _is_temporary(one.metadata)
    ]
    found += [
        _leftover(kinds.SNAPSHOT, one, one.metadata, now)
        for one in inventory.snapshots
        if _is_temporary(one.metadata)
    ]
    found += [
        _leftover(kinds.BACKUP, one, one.metadata, now)
        for one in inventory.backups
        if _run(one.metadata) and one.status == 'error'
    ]
    images = (
        (one, _own(one)) for one in inventory.images if one.owner == project_id
    )
    found += [
        _leftover(_kind(own), one, own, now)
        for one, own in images
        if _is_left(one.name, own)
    ]
    order = list(kinds)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _run(metadata: Mapping[str, str]) -> bool:
    return tags.is_run_id(metadata.get(tags.RUN, ''))


def _is_temporary(metadata: Mapping[str, str]) -> bool:
    return _run(metadata) and metadata.get(tags.ROLE) == _TEMPORARY


def _own(image: resources.Image) -> Mapping[str, str]:
    """Return an image's properties, without tags inherited from its source."""
    named = tags.run_of(image.name, {})
    if named and named != image.properties.get(tags.RUN):
        return {}
    return tags.own(image.id, image.name, image.properties)


def _is_left(name: str, own: Mapping[str, str]) -> bool:
    if tags.RUN in own:
        return _run(own) and own.get(tags.ROLE) in (_TEMPORARY, _LEASE)
    return tags.is_name(name)


def _kind(own: Mapping[str, str]) -> leftover.LeftoverKind:
    if own.get(tags.ROLE) == _LEASE:
        return leftover.LeftoverKind.LEASE
    return leftover.LeftoverKind.IMAGE


def _leftover(
    kind: leftover.LeftoverKind,
    thing: _Thing,
    metadata: Mapping[str, str],
    now: datetime.datetime,
) -> leftover.Leftover:
    return leftover.Leftover(
        kind=kind,
        name=thing.name,
        id=thing.id,
        run=tags.run_of(thing.name, metadata),
        age=max(
            datetime.timedelta(), now - (stamps.read(thing.created_at) or now)
        ),
        size=_size(thing),
    )


def _size(thing: _Thing) -> int | None:
    if isinstance(thing, resources.Server | resources.Secret):
        return None
    return thing.size or None


_TEMPORARY = tags.Role.TEMPORARY.value
_LEASE = tags.Role.LEASE.value
