# SPDX-License-Identifier: Apache-2.0
"""Restore drills: the deepest way to verify backups.

Each resource is restored under a temporary name, its bytes are compared, and
the new resource is deleted. A server is created without a network.
"""

from collections.abc import Sequence
import dataclasses

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.cloud import offers
from backupclient.keys import identity
from backupclient.model import events
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import verification
from backupclient.operations import running
from backupclient.operations import sessions
from backupclient.operations.verifying import artifact_check
from backupclient.operations.verifying import choice
from backupclient.planner import backups
from backupclient.planner import restore as planner
from backupclient.planner.restore import references
from backupclient.procedures.restore import drill
from backupclient.sets import libraries
from backupclient.sets import verified

Depth, Result = verification.Depth, verification.Result
_RECORDED = 'sha512:'
"""The start of the note with the hash of a restored volume, see
:mod:`backupclient.procedures.restore.drill`."""


_Choice = backups.Choice


@dataclasses.dataclass(frozen=True, slots=True)
class Drill:
    """Where and how restores are tried.

    :param request: its source is the target, and its mappings replace volume
        types, flavors and so on.
    :param timeout: the deadline of each wait for a service, in seconds.
    """

    session: sessions.Session
    request: restores.Request
    timeout: float = 360 * 60.0


def plan(
    tried: Drill, wanted: Sequence[choice.Backup], *, identities: bool
) -> plans.Plan:
    """Plan to restore backups, and to delete the new resources.

    :param wanted: the backups, at least one.
    :param identities: True if there are private keys for encrypted files.
    """
    cloud = tried.session.cloud
    choices = [_Choice(_run(one), one.entry, one.notes) for one in wanted]
    planned = planner.plan(
        tried.request,
        choices,
        inventory.read_for_restore(cloud, references.images_of(choices)),
        offers.read(cloud),
        origin=_identity(wanted[0]),
        identities=identities,
        now=tried.session.clock.now(),
    )
    return dataclasses.replace(
        planned, items=tuple(map(_only_tried, planned.items)), cautions=()
    )


def rows(
    tried: Drill,
    library: libraries.Library,
    wanted: Sequence[choice.Backup],
    found: Sequence[verification.Row],
    keys: identity.Identities,
    reporter: events.Reporter,
    parallel: int,
) -> list[verification.Row]:
    """Try to restore the backups that reading has found to be good.

    Backups in the cloud cannot be read, so they are always tried.

    :param found: the rows of these backups after reading.
    :returns: a row for each of them, in the same order.
    :raises Interrupted: after a request to stop, when the new resources have
        been deleted, or if the login has ended, when they are still there.
    """
    in_cloud = {_key(one) for one in wanted if one.entry.file is None}
    good = {
        key
        for row in found
        if (key := (row.run, row.kind, row.id)) in in_cloud
        or row.result is Result.GOOD
    }
    chosen = [one for one in wanted if _key(one) in good]
    if not chosen:
        return list(found)
    planned = plan(tried, chosen, identities=bool(keys))
    report = running.start(
        tried.session.cloud,
        tried.session.clock,
        planned,
        reporter,
        parallel=parallel,
        timeout=tried.timeout,
        identities=keys,
    )
    if report.interrupted:
        raise errors.Interrupted(_interrupted(report.login))
    outcomes = {
        (one.resource.kind.value, one.resource.id): one
        for one in report.outcomes
    }
    return [
        _row(row, outcomes.get((row.kind, row.id)), library)
        if (row.run, row.kind, row.id) in good
        else row
        for row in found
    ]


def _interrupted(login: str) -> str:
    """Return the message, with the command that deletes what is left.

    :param login: why the login has ended, ``''`` if it has not.
    """
    if not login:
        return 'Interrupted. What was made is taken away.'
    return f'{login} "openstack backup cleanup" then deletes what was made.'


def _only_tried(item: plans.Item) -> plans.Item:
    """Return an item as a drill: a server gets no network and no key pair."""
    if item.restore is None:
        return item
    # Secrets wait for each other only because of their containers, which a
    # drill does not restore.
    secret = item.resource.kind is resources.Kind.SECRET
    after = () if secret else item.restore.after
    task = dataclasses.replace(
        item.restore, new=_isolated(item.restore.new), after=after, drill=True
    )
    return dataclasses.replace(item, task=task, notes=(), warnings=())


def _isolated(new: restores.New) -> restores.New:
    """Return a new resource without properties that others could notice."""
    match new:
        case restores.NewServer():
            return dataclasses.replace(
                new, networks=(), security_groups=(), key_name=''
            )
        case restores.NewSecret():
            return restores.NewSecret()
    return new


def _row(
    row: verification.Row,
    outcome: results.Outcome | None,
    library: libraries.Library,
) -> verification.Row:
    """Return the row of a backup after its drill."""
    if outcome is None:
        return row
    if outcome.state is not results.State.COMPLETE:
        damaged = drill.OTHER in outcome.reason
        return dataclasses.replace(
            row,
            depth=Depth.RESTORE if damaged else row.depth,
            result=Result.DAMAGED if damaged else Result.UNPROVED,
            provable=not damaged,
            notes=(*row.notes, outcome.reason),
        )
    row = dataclasses.replace(
        row, notes=artifact_check.after_a_restore(row.notes)
    )
    recorded = next((n for n in outcome.notes if n.startswith(_RECORDED)), '')
    result, notes = Result.GOOD, outcome.notes
    if recorded:
        result, notes = _compared(recorded, _earlier_hash(row, library))
    return dataclasses.replace(
        row, depth=Depth.RESTORE, result=result, notes=(*row.notes, *notes)
    )


def _compared(
    now: str, before: str
) -> tuple[verification.Result, tuple[str, ...]]:
    """Compare the hash of a restored volume with that of an earlier drill."""
    if not before:
        return Result.UNPROVED, (
            now,
            'No hash of these data was recorded before: the next '
            'verification compares with this one.',
        )
    if now != before:
        return Result.DAMAGED, (now, f'It was {before} before.')
    return Result.GOOD, (now, 'As in an earlier verification.')


def _earlier_hash(row: verification.Row, library: libraries.Library) -> str:
    """Return the note with an earlier drill's hash, ``''`` without one."""
    for found in library.finished:
        if found.run != row.run:
            continue
        for each in reversed(verified.read(library.store, found)):
            for old in each.rows:
                if (old.kind, old.id) == (row.kind, row.id):
                    for note in old.notes:
                        if note.startswith(_RECORDED):
                            return note
    return ''


def _key(one: choice.Backup) -> tuple[str, str, str]:
    resource = one.entry.resource
    return _run(one), resource.kind.value, resource.id


def _run(one: choice.Backup) -> str:
    return one.opened.found.run


def _identity(one: choice.Backup) -> inventories.CloudIdentity:
    manifest = one.opened.manifest
    if manifest is None:
        raise ValueError(one)
    return manifest.identity
