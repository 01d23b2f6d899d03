# SPDX-License-Identifier: Apache-2.0
"""Restore resources: ``openstack backup restore``.

:func:`plan` plans a restore, :func:`restore` plans and restores,
:func:`carry_out` restores by an earlier plan, and :func:`resume` continues a
restore. Existing resources are never changed or replaced. All but
:func:`plan` handle Ctrl-C: call them from the main thread.
"""

from collections.abc import Sequence
import dataclasses
import datetime
import pathlib
import shlex

from backupclient import errors
from backupclient.cloud import inventory
from backupclient.cloud import offers
from backupclient.engine import unfinished
from backupclient.keys import identity
from backupclient.model import events
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import restores
from backupclient.model import stamps
from backupclient.operations import choosable
from backupclient.operations import locked
from backupclient.operations import plan as planning
from backupclient.operations import readable
from backupclient.operations import run as run_
from backupclient.operations import running
from backupclient.operations import sessions
from backupclient.planner import backups
from backupclient.planner import restore as planner
from backupclient.planner import revision
from backupclient.planner import unchosen
from backupclient.planner.restore import references
from backupclient.store import targets

Report = running.Report
Result = run_.Result
Settings = run_.Settings
Identities = identity.Identities
steps, save, load = planning.steps, planning.save, planning.load


def identities(
    files: Sequence[str], ask: identity.Ask | None = None
) -> identity.Identities:
    """Read the private keys that open encrypted keys and secrets.

    :param files: the paths of age identities or SSH private keys.
    :param ask: asks a person for the passphrase of a file; with None, a file
        that needs one is an error.
    :raises UsageError: if a file is no private key, or cannot be opened.
    """
    return identity.Identities.load(files, ask)


def plan(
    session: sessions.Session,
    request: restores.Request,
    keys: identity.Identities | None = None,
    *,
    save_to: pathlib.Path | None = None,
) -> plans.Plan:
    """Plan a restore: read the backups and the project. Create nothing.

    :param keys: the private keys for encrypted keys and secrets. Without
        them, resources that need one are planned as impossible.
    :param save_to: write the plan to this new file, too.
    :returns: the plan; its cautions also name backups that cannot be read.
    :raises UsageError: if nothing is selected, a name fits no resource or
        several, or there is no such run.
    :raises TargetError: if the backups cannot be read, or the file exists or
        cannot be written.
    """
    known = choosable.read(session, request)
    chosen = backups.choose(
        known.manifests,
        request.selection,
        run=request.run,
        at=_time(request.at),
        damaged=known.damaged,
    )
    readable.require_any(chosen)
    brought = unchosen.only_brought(
        known.manifests, request.selection, request.run, _time(request.at)
    )
    tried = keys or identity.Identities()
    planned = planner.plan(
        request,
        chosen,
        _inventory(session, request, chosen),
        offers.read(session.cloud),
        origin=known.manifests[0].identity,
        identities=bool(tried),
        now=session.clock.now(),
        locked=locked.find(request.source, chosen, tried),
        brought=brought,
    )
    changed = readable.changed_in(request.source, chosen)
    planned = dataclasses.replace(
        planned,
        cautions=(
            *planned.cautions,
            *_left_out(known, request, chosen),
            *known.unread,
            *changed,
        ),
    )
    if save_to:
        save(planned, save_to)
    return planned


def _left_out(
    known: choosable.Choosable,
    request: restores.Request,
    chosen: Sequence[backups.Choice],
) -> list[str]:
    """Return a caution if other runs have more than the chosen one."""
    more = unchosen.left_out(known.manifests, request.selection, chosen)
    if not more:
        return []
    run = unchosen.run_of_all(known.manifests, request.run, _time(request.at))
    place = f' --from {shlex.quote(request.source)}' if request.source else ''
    return [
        f'This restores run {run} alone. Other runs have backups of {more} '
        f'more {"resource" if more == 1 else "resources"}: "openstack backup '
        f'history{place}" lists them, and --run chooses a run.'
    ]


def restore(
    session: sessions.Session,
    request: restores.Request,
    keys: identity.Identities | None = None,
    reporter: events.Reporter | None = None,
    settings: Settings | None = None,
) -> Result:
    """Plan a restore, and carry the plan out.

    Errors are those of :func:`plan` and of the start of a run.
    """
    begun = session.clock.monotonic()
    planned = plan(session, request, keys)
    return _start(session, planned, keys, reporter, settings, begun)


def carry_out(
    session: sessions.Session,
    saved: plans.Plan,
    keys: identity.Identities | None = None,
    reporter: events.Reporter | None = None,
    settings: Settings | None = None,
    *,
    replan: bool = False,
    source: str = '',
) -> Result:
    """Carry out a plan that was made earlier.

    The backups and the project are planned again and compared with the plan.

    :param replan: use the new plan if it differs; else raise UsageError.
    :param source: the target again, as for :func:`resume`.
    :raises UsageError: if the plan is for another project or cloud, is not
        a restore, or differs from the new one without ``replan``.
    """
    begun = session.clock.monotonic()
    if saved.restore is None:
        raise errors.UsageError(
            'This plan backs up. Use "openstack backup run --plan".'
        )
    revision.require_same_project(saved, session.cloud.identity)
    targets.require_same(saved.restore.source, source)
    fresh = plan(session, saved.restore, keys)
    if fresh.items != saved.items and not replan:
        changed = _changed(saved, fresh)
        raise errors.UsageError(
            f'What the plan relies on has changed: {", ".join(changed)}. '
            'Give --replan to plan it anew, or make a new plan.'
        )
    return _start(session, fresh, keys, reporter, settings, begun)


def resume(
    session: sessions.Session,
    run: str,
    keys: identity.Identities | None = None,
    reporter: events.Reporter | None = None,
    *,
    source: str = '',
) -> Result:
    """Continue a restore of this machine that was killed or interrupted.

    :param run: its ID, or ``last`` for the newest unfinished restore of this
        project.
    :param keys: the private keys again; they are never stored.
    :param source: its target, as returned by
        :func:`backupclient.operations.request.target`. Needed only if the
        target has passwords, which are never stored; else ``''``.
    :raises UsageError: if there is no such run, it has ended, it is no
        restore, it belongs to another project, or it needs a private key that
        is missing.
    :raises Busy: if another process works on it.
    """
    cloud, clock = session.cloud, session.clock
    begun = clock.monotonic()
    journal = unfinished.find(run, cloud.identity, 'restore')
    asked = journal.run().plan.restore
    targets.require_same(asked.source if asked else '', source)
    readable.require_identities(
        journal.run().plan, journal.outcomes(), given=bool(keys)
    )
    report = running.resume(
        cloud, clock, journal, reporter or events.Silent(), keys
    )
    return Result(journal.run().plan, report, clock.monotonic() - begun)


def _start(
    session: sessions.Session,
    planned: plans.Plan,
    keys: identity.Identities | None,
    reporter: events.Reporter | None,
    settings: Settings | None,
    begun: float,
) -> Result:
    how = settings or Settings()
    report = running.start(
        session.cloud,
        session.clock,
        planned,
        reporter or events.Silent(),
        parallel=how.parallel,
        timeout=how.timeout,
        identities=keys,
    )
    return Result(planned, report, session.clock.monotonic() - begun)


def _inventory(
    session: sessions.Session,
    request: restores.Request,
    chosen: Sequence[backups.Choice],
) -> inventories.Inventory:
    """Read the project.

    The metadata of a secret show whether a restore has created it. Barbican's
    list lacks them, so they are read for the secrets with matching names.
    """
    named = references.images_of(chosen)
    read = inventory.read_for_restore(session.cloud, named)
    if not request.skip_existing:
        return read
    names = {one.entry.resource.name for one in chosen}
    barbican = session.cloud.barbican
    return dataclasses.replace(
        read,
        secrets=tuple(
            dataclasses.replace(each, metadata=barbican.metadata(each.id))
            if each.name.removesuffix(request.suffix) in names
            else each
            for each in read.secrets
        ),
    )


def _time(text: str) -> datetime.datetime | None:
    if not text:
        return None
    found = stamps.read(text)
    if found is None:
        raise errors.UsageError(f'"{text}" is no time in ISO 8601.')
    return found


def _changed(saved: plans.Plan, fresh: plans.Plan) -> list[str]:
    """Return the labels of the items that differ between two plans."""
    before = {item.resource.id: item for item in saved.items}
    now = {item.resource.id: item for item in fresh.items}
    return [
        (now.get(id_) or before[id_]).resource.label
        for id_ in dict.fromkeys([*before, *now])
        if before.get(id_) != now.get(id_)
    ] or ['the order']


def restored(report: Report) -> dict[str, str]:
    """Return the new ID of each restored resource by its old ID."""
    return {
        outcome.resource.id: outcome.restored
        for outcome in report.outcomes
        if outcome.restored
    }
