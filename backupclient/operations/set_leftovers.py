# SPDX-License-Identifier: Apache-2.0
"""Leftovers of dead runs and interrupted deletions in a target."""

from collections.abc import Iterator, Mapping
import dataclasses
import datetime

from backupclient import clocks
from backupclient import errors
from backupclient.engine import faults
from backupclient.engine import journals
from backupclient.engine import unfinished
from backupclient.model import events
from backupclient.model import leases
from backupclient.model import leftover
from backupclient.sets import catalogue
from backupclient.sets import deletion
from backupclient.store import base
from backupclient.store import targets


def find(
    target: str,
    known: Mapping[str, leases.Lease],
    now: datetime.datetime,
) -> tuple[leftover.Leftover, ...]:
    """Find unfinished sets, and sets whose deletion was interrupted.

    :param known: the leases of the project, by run.
    :param now: the time by the cloud's clock, which leases use too.
    :returns: a leftover for each set. If its run may be alive, it has the
        action ``keep`` and a reason. So has a finished set that has lost its
        manifest, because it looks like an unfinished one.
    :raises TargetError: if the list would not be complete.
    """
    store = targets.find(target)
    here = datetime.datetime.now(datetime.UTC)
    begun = tuple(deletion.begun(store))
    found = [_leftover(store, one.run, one.folder, here) for one in begun]
    folders = {one.folder for one in begun}
    for one in catalogue.runs(store):
        if one.folder in folders:
            continue
        if one.state is catalogue.State.UNFINISHED:
            left = _leftover(store, one.run, one.folder, here)
            why = _why_alive(store, one, known.get(one.run), now, here)
            found.append(_kept(left, why) if why else left)
        elif one.lost and (why := catalogue.read(store, one).problem):
            left = _leftover(store, one.run, one.folder, here)
            found.append(_kept(left, why))
    return tuple(found)


def delete(
    target: str,
    found: tuple[leftover.Leftover, ...],
    clock: clocks.Clock,
    reporter: events.Reporter,
) -> Iterator[leftover.Leftover]:
    """Delete the sets that :func:`find` returned, and yield each of them.

    :returns: the leftovers with the action that was taken. ``delete`` means
        that a request to stop came first.
    """
    store = targets.find(target)
    gone = False
    for one in found:
        if not one.goes or clock.stop.asked:
            yield one
            continue
        reporter.say(f'delete {one.label}')
        try:
            with clock.stop.shielded():
                _delete(store, one)
        except Exception as exc:
            # A failure must not stop the other deletions.
            why = faults.said(exc, one.run, one.label)
            yield dataclasses.replace(
                one, action=leftover.Action.FAILED, reason=why
            )
        else:
            gone = True
            unfinished.give_up(one.run)
            yield dataclasses.replace(one, action=leftover.Action.DELETED)
    if gone:
        try:
            store.reclaim()
        except errors.TargetError as exc:
            reporter.warn(f'The room of what was deleted is not free: {exc}')


def _delete(store: base.Store, one: leftover.Leftover) -> None:
    if any(each.folder == one.name for each in deletion.begun(store)):
        deletion.finish(store, deletion.Begun(one.run, one.name))
    else:
        deletion.abandon(store, deletion.Begun(one.run, one.name))


def _kept(left: leftover.Leftover, why: str) -> leftover.Leftover:
    return dataclasses.replace(left, action=leftover.Action.KEEP, reason=why)


def _leftover(
    store: base.Store, run: str, folder: str, now: datetime.datetime
) -> leftover.Leftover:
    files = store.list(folder)
    last = max((each.changed_at for each in files), default=now)
    return leftover.Leftover(
        leftover.LeftoverKind.SET,
        folder,
        run,
        run,
        max(datetime.timedelta(), now - last),
        sum(each.size for each in files) or None,
    )


def _why_alive(
    store: base.Store,
    one: catalogue.Found,
    lease: leases.Lease | None,
    now: datetime.datetime,
    here: datetime.datetime,
) -> str:
    """Return why a set's run may be alive, ``''`` if it is dead.

    :param now: the time by the cloud's clock, for leases.
    :param here: the time by this machine's clock, for files.
    """
    fate = journals.fate(one.run)
    if fate is journals.Fate.ALIVE:
        return f'Run {one.run} is still going on in another process.'
    if fate is not journals.Fate.UNKNOWN:
        return ''
    if lease is not None:
        alive = lease.is_alive(now)
        return f'Run {one.run} is alive {lease.seen(now)}.' if alive else ''
    if catalogue.is_abandoned(store, one, here):
        return ''
    return (
        f'Run {one.run} was started elsewhere: a set to which something was '
        'written within a day may be in use.'
    )
