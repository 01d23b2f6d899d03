# SPDX-License-Identifier: Apache-2.0
"""Leftovers of dead runs in the project, and hints about them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import datetime
import logging
import shlex

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
"""A run without a journal and a lease counts as alive while it has a leftover
younger than this."""


def survey(
    cloud: door.Cloud, inventory: inventories.Inventory
) -> tuple[leftover.Leftover, ...]:
    """Return the leftovers of runs in the project.

    :returns: the leftovers, in the order in which they must be deleted. If
        a run may be alive, its leftovers have the action ``keep``.
    :raises CloudError: if the leases of the project cannot be read.
    """
    now = cloud.clock.now()
    if not leftovers.find(inventory, now):
        return ()
    # Resources have times of the cloud's clock, so ages need its time.
    if 'image' in cloud.services:
        now = cloud.glance.now()
    return judge(cloud, leftovers.find(inventory, now), now)


def oldest(cloud: door.Cloud, run: str | None) -> datetime.datetime | None:
    """Return a time before which no relevant run can have created secrets.

    :param run: the only relevant run; None for all runs with a lease, and all
        dead runs with a journal here.
    :returns: the time; None if there is no such run.
    :raises CloudError: if the leases of the project cannot be read.
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

    A journal on this machine shows for certain whether its run is alive. For
    other runs, the lease in the cloud decides. A run without either counts as
    alive while one of its leftovers is younger than :data:`GRACE`.

    :param now: the time by the cloud's clock.
    :returns: the same leftovers; marked ones have the action ``keep`` and a
        reason.
    :raises CloudError: if the leases of the project cannot be read.
    """
    leases = known_leases(cloud)
    reasons = {
        run: _why_alive(run, leases.get(run), found, now)
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
    """Return the leases of the project by run.

    :raises CloudError: if they cannot be read.
    """
    if 'image' not in cloud.services:
        return {}
    known = cloud.glance.leases(cloud.identity.project_id)
    return {lease.run: lease for lease in known}


def _why_alive(
    run: str,
    lease: leases.Lease | None,
    found: Sequence[leftover.Leftover],
    now: datetime.datetime,
) -> str:
    """Return why a run may be alive, ``''`` if it is dead."""
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
    """Return hints about temporary resources and servers left off."""
    return [*_temporary(cloud, inventory), *servers_off(cloud.identity)]


def _temporary(
    cloud: door.Cloud, inventory: inventories.Inventory
) -> list[str]:
    """Return a hint if there are leftovers to clean up.

    Return no hint if the leases cannot be read: that must not stop a backup.
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
    things = 'resource' if len(dead) == 1 else 'resources'
    some = ', '.join(runs[:3]) + (', ...' if len(runs) > 3 else '')
    return [
        f'Left in the project by interrupted runs ({some}): {len(dead)} '
        f'temporary {things}. "openstack backup cleanup" deletes what is left.'
    ]


def servers_off(identity: inventories.CloudIdentity) -> list[str]:
    """Return a sentence for each server that a dead run has left stopped.

    Only runs of this machine count.

    :param identity: the project whose servers count. A damaged journal names
        no project, so its servers count too.
    """
    return [
        text
        for run in unfinished.dead()
        if unfinished.is_of(run, identity)
        for text in unfinished.servers_off_of(run)
    ]


def sets_left(
    identity: inventories.CloudIdentity,
    run: str | None = None,
    but: Collection[str] = (),
) -> list[str]:
    """Return a sentence for each unfinished backup set of a dead run.

    Only runs of this machine count.

    :param identity: the project whose sets count.
    :param run: the only run whose set counts; None for all.
    :param but: the runs whose sets are listed as leftovers.
    """
    return [
        f'Kept: {store}/{folder}, the unfinished backup set of run {name}, '
        'which may hold data and keys. "openstack backup run --resume '
        f'{name}" finishes it, "openstack backup cleanup --from '
        f'{shlex.quote(store)} --run {name}" deletes it.'
        for dead in unfinished.dead()
        if (name := dead.folder.name) and run in (None, name)
        if name not in but
        for store, folder in _unfinished_sets(dead, identity)
    ]


def _unfinished_sets(
    dead: journals.Journal, identity: inventories.CloudIdentity
) -> Iterator[tuple[str, str]]:
    """Yield the store and the folder of a run's unfinished set, if any."""
    with contextlib.suppress(errors.BackupError):
        target = dead.run().plan.request.target
        if target and unfinished.is_of(dead, identity):
            store = targets.find(target)
            renamed = store.can.renaming
            folder = dead.folder.name + (layout.PARTIAL if renamed else '')
            ended = not renamed and store.stat(f'{folder}/{layout.MANIFEST}')
            if store.has(folder) and not ended:
                yield store.name, folder
