# SPDX-License-Identifier: Apache-2.0
"""What dead runs have left: in the project, and on this machine."""

from collections.abc import Mapping, Sequence
import contextlib
import dataclasses
import datetime
import logging

from backupclient import errors
from backupclient.cloud import door
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import inventories
from backupclient.model import layout
from backupclient.model import leases
from backupclient.model import leftover
from backupclient.model import tags
from backupclient.planner.backup import leftovers
from backupclient.store import targets

LOG = logging.getLogger(__name__)

GRACE = datetime.timedelta(days=1)
"""A run without a journal and a lease counts as alive for so long."""


def survey(
    cloud: door.Cloud, inventory: inventories.Inventory
) -> tuple[leftover.Leftover, ...]:
    """Find what runs left in the project.

    :returns: in the order in which they have to be deleted. What may belong
        to a run that is alive is marked to be kept.
    :raises CloudError: the leases of the project cannot be read.
    """
    now = cloud.clock.now()
    if not leftovers.find(inventory, now):
        return ()
    # What lies in the cloud has its times from the cloud's clock.
    if 'image' in cloud.services:
        now = cloud.glance.now()
    return judge(cloud, leftovers.find(inventory, now), now)


def oldest(cloud: door.Cloud, run: str | None) -> datetime.datetime | None:
    """Give the time of the oldest run that may have left secrets.

    :param run: that is looked for; None for all that are known to be dead, or
        have a lease.
    :returns: None if there is no such run.
    """
    if run is not None:
        return tags.nothing_before(run) if tags.is_run_id(run) else None
    runs = {dead.folder.name for dead in unfinished.dead()}
    runs |= set(known_leases(cloud))
    return min(
        map(tags.nothing_before, filter(tags.is_run_id, runs)), default=None
    )


def judge(
    cloud: door.Cloud,
    found: Sequence[leftover.Leftover],
    now: datetime.datetime,
) -> tuple[leftover.Leftover, ...]:
    """Mark the leftovers of runs that may be alive.

    The journal of a run tells for certain, if it is on this machine. For the
    other runs the lease in the cloud tells. A run without either is alive as
    long as one of its leftovers is younger than :data:`GRACE`.

    :param now: by the cloud's clock.
    :returns: the same leftovers; those to be kept have the reason.
    """
    leases = known_leases(cloud)
    reasons = {
        run: _life(run, leases.get(run), found, now)
        for run in {one.run for one in found}
    }
    return tuple(
        dataclasses.replace(
            one, action=leftover.Action.KEEP, reason=reasons[one.run]
        )
        if reasons[one.run]
        else one
        for one in found
    )


def known_leases(cloud: door.Cloud) -> Mapping[str, leases.Lease]:
    """Return the leases of the project by run."""
    if 'image' not in cloud.services:
        return {}
    known = cloud.glance.leases(cloud.identity.project_id)
    return {lease.run: lease for lease in known}


def _life(
    run: str,
    lease: leases.Lease | None,
    found: Sequence[leftover.Leftover],
    now: datetime.datetime,
) -> str:
    """Say why a run may be alive; return nothing if it is dead."""
    fate = journals.fate(run)
    if fate is journals.Fate.ALIVE:
        return f'Run {run} is still going on in another process.'
    if fate is not journals.Fate.UNKNOWN:
        return ''
    if lease is not None:
        alive = lease.is_alive(now)
        return f'Run {run} is alive {lease.seen(now)}.' if alive else ''
    if min(one.age for one in found if one.run == run) < GRACE:
        return (
            f'Run {run} was started elsewhere and has no lease: what is '
            'younger than a day may be in use.'
        )
    return ''


def hints(cloud: door.Cloud, inventory: inventories.Inventory) -> list[str]:
    """Say what dead runs left: temporary resources, and servers off."""
    return [*_temporary(cloud, inventory), *servers_off(cloud.identity)]


def _temporary(
    cloud: door.Cloud, inventory: inventories.Inventory
) -> list[str]:
    """Say that there is something to clean up.

    Return nothing if there is nothing, or if the leases cannot be read: this
    is a hint beside a backup, and never stops it.
    """
    if 'image' in inventory.unread:
        return []
    try:
        found = survey(cloud, inventory)
    except errors.CloudError:
        LOG.debug('The leases cannot be read', exc_info=True)
        return []
    dead = [one for one in found if one.goes]
    if not dead:
        return []
    runs = sorted({one.run for one in dead})
    some = ', '.join(runs[:3]) + (', ...' if len(runs) > 3 else '')
    return [
        f'Left in the project by interrupted runs ({some}): {len(dead)} '
        'temporary things. "openstack backup cleanup" takes them away.'
    ]


def servers_off(identity: inventories.CloudIdentity) -> list[str]:
    """Say which servers dead runs of this machine have stopped.

    :param identity: only servers of this project; and those of a damaged
        journal, which does not name its project.
    """
    return [
        text
        for run in unfinished.dead()
        if unfinished.is_of(run, identity)
        for text in unfinished.servers_off_of(run)
    ]


def sets_left(
    identity: inventories.CloudIdentity, run: str | None = None
) -> list[str]:
    """Say which backup sets dead runs of this machine have not finished.

    :param identity: only sets of this project.
    :param run: only the set of this run; None for all.
    """
    return [
        f'Kept: {folder}, the unfinished backup set of run {name}. "openstack '
        f'backup run --resume {name}" finishes it. If you will not resume '
        'that run, delete the folder yourself: it may hold data and keys.'
        for dead in unfinished.dead()
        if (name := dead.folder.name) and run in (None, name)
        if (folder := _unfinished_set(dead, identity))
    ]


def _unfinished_set(
    dead: journals.Journal, identity: inventories.CloudIdentity
) -> str:
    """Return the place of the unfinished set of a run, ``''`` without one."""
    with contextlib.suppress(errors.BackupError):
        target = dead.run().plan.request.target
        if target and unfinished.is_of(dead, identity):
            store = targets.find(target)
            renamed = store.can.renaming
            folder = dead.folder.name + (layout.PARTIAL if renamed else '')
            ended = not renamed and store.stat(f'{folder}/{layout.MANIFEST}')
            if store.has(folder) and not ended:
                return f'{store.name}/{folder}'
    return ''
