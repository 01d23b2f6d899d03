# SPDX-License-Identifier: Apache-2.0
"""Build the tools of a worker from the ID of a run."""

from collections.abc import Callable
import dataclasses

from backupclient import clocks
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.engine import contexts
from backupclient.engine import journals
from backupclient.engine import messages
from backupclient.engine import runner
from backupclient.keys import identity
from backupclient.keys import protection
from backupclient.model import events
from backupclient.model import names
from backupclient.procedures import step
from backupclient.sets import backup_set
from backupclient.sets import restorable
from backupclient.store import base
from backupclient.store import targets
from backupclient.transfer import rates


def perform(
    cloud: door.Cloud,
    clock: clocks.Clock,
    order: runner.Order,
    reporter: events.Reporter,
) -> runner.Result:
    """Perform an order in a process that does not coordinate the run.

    The coordinator's process has the lease and the claims of the run.

    If the backup set is gone, flows that need no files still work: servers
    are started, and resources in the cloud are deleted.

    :raises DocumentError: if the journal of the run is damaged.
    """
    journal = journals.of(order.run)
    run, set_, missing = journal.run(), None, ''
    try:
        set_ = set_of(run)
    except errors.TargetError as exc:
        missing = str(exc)
    work = work_of(cloud, clock, run, reporter, set_)
    result = runner.perform(contexts.Context.of(work, journal), order)
    if missing and result.news is messages.News.FAILED:
        return dataclasses.replace(result, reason=missing)
    return result


def set_of(run: journals.Run) -> backup_set.BackupSet | None:
    """Open the backup set of a run, if it has one.

    :raises TargetError: if the set is missing.
    """
    target = run.plan.request.target
    if not target:
        return None
    return backup_set.BackupSet.open(targets.find(target), run.run)


def work_of(
    cloud: door.Cloud,
    clock: clocks.Clock,
    run: journals.Run,
    reporter: events.Reporter,
    set_: backup_set.BackupSet | None,
    identities: identity.Identities | None = None,
) -> step.Work:
    """Return the parameters that all steps of a run share.

    :param set_: the backup set of the run, None without one.
    :param identities: the private keys for the sets that a restore reads.
        They are never stored, so each process needs them again.
    """
    recipients = run.plan.request.recipients
    return step.Work(
        cloud=cloud,
        clock=clock,
        waiter=waiting.Waiter(clock, run.timeout),
        reporter=reporter,
        run=run.run,
        files=set_.files if set_ else None,
        name=run.plan.request.name,
        shared_names=names.shared(
            item.resource for item in run.plan.items if item.makes_things
        ),
        protector=protection.Protector(recipients) if recipients else None,
        sets=_sets(run),
        identities=identities,
        rate=rates.Rate(run.limit_rate, clock) if run.limit_rate else None,
    )


def _sets(run: journals.Run) -> Callable[[str], base.Files] | None:
    """Return a function that opens the source set of a run, by its ID."""
    asked = run.plan.restore
    if asked is None or not asked.source:
        return None
    store = targets.find(asked.source)
    return lambda run_id: restorable.Restorable(store, run_id)
