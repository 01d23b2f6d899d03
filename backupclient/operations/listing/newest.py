# SPDX-License-Identifier: Apache-2.0
"""The last backup of each resource of a plan, and its verification.

This is a hint beside a plan: it never makes a plan fail, and takes a few
seconds at most.
"""

from collections.abc import Mapping
import logging
import time

from backupclient import errors
from backupclient.cloud import door
from backupclient.model import plans
from backupclient.model import verification
from backupclient.operations import cloud_place
from backupclient.operations.listing import places
from backupclient.planner import backed_up
from backupclient.planner import history
from backupclient.sets.index import indexes
from backupclient.sets.index import using
from backupclient.store import base
from backupclient.store import targets

LOG = logging.getLogger(__name__)

NONE_YET = 'No backup yet.'
_PATIENCE = 3.0
"""Seconds for reading manifests that are not in the cache."""


def notes(cloud: door.Cloud, planned: plans.Plan) -> Mapping[str, str]:
    """Return a sentence about the last backup of each resource, by its ID.

    Only the target of the plan counts, or without a target the cloud. If it
    cannot be read, or not in time, resources without a known backup are left
    out: they may have one there.

    :raises Interrupted: after a request to stop.
    """
    try:
        return using.do(lambda index: _notes(index, cloud, planned))
    except errors.Interrupted:
        raise
    except Exception:
        # This is only a hint: the plan must not fail.
        LOG.debug('The last backups are not known', exc_info=True)
        return {}


def _notes(
    index: indexes.Index, cloud: door.Cloud, planned: plans.Plan
) -> dict[str, str]:
    end = time.monotonic() + _PATIENCE
    found = _read(index, _store(cloud, planned), _PATIENCE)
    sets = found or ()
    everything = found is not None and not any(one.problem for one in sets)
    known = {one.header.number: one for one in sets if one.header is not None}
    said: dict[str, str] = {}
    for item in planned.items:
        if time.monotonic() > end + _PATIENCE:
            break
        resource = item.resource
        note = _note(index, cloud, known, (resource.kind.value, resource.id))
        if note or everything:
            said[resource.id] = note or NONE_YET
    return said


def _store(cloud: door.Cloud, planned: plans.Plan) -> base.Shelf | None:
    """Return the place to read, None if it is not fully readable.

    With a target it is the target alone: a backup in the cloud is no reason
    to believe that there is a copy outside the cloud.
    """
    if planned.request.target:
        return targets.find(planned.request.target)
    library, troubles = cloud_place.what_is_known(cloud, journals=False)
    return None if troubles else library.store


def _read(
    index: indexes.Index, store: base.Shelf | None, patience: float
) -> tuple[places.Set, ...] | None:
    """Return the sets of a place, None if it cannot be read.

    A target that does not exist yet has no sets.
    """
    if store is None:
        return None
    try:
        return tuple(places.of_store(index, store, max(0.0, patience)))
    except errors.TargetError as exc:
        missing = isinstance(exc.__cause__, FileNotFoundError)
        return () if missing else None


def _note(
    index: indexes.Index,
    cloud: door.Cloud,
    known: Mapping[int, places.Set],
    key: indexes.Key,
) -> str:
    """Return the sentence about a resource, ``''`` without a backup."""
    for number, entry in index.newest(key, known):
        if backed_up.is_complete(entry):
            one = known[number]
            standing = places.standings(index, one, (key,)).get(
                key, verification.Standing()
            )
            when = entry.captured_at or one.started_at
            return history.note(when, standing, cloud.clock.now())
    return ''
