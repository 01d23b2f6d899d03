# SPDX-License-Identifier: Apache-2.0
"""A worker builds what it works with, from the ID of a run."""

import dataclasses

from backupclient import clock as clock_
from backupclient import errors
from backupclient.cloud import door
from backupclient.cloud import waiting
from backupclient.engine import context
from backupclient.engine import journal as journal_
from backupclient.engine import messages
from backupclient.engine import runner
from backupclient.keys import protection
from backupclient.model import events
from backupclient.model import names
from backupclient.procedures import step
from backupclient.sets import backup_set
from backupclient.store import targets


def perform(
    cloud: door.Cloud,
    clock: clock_.Clock,
    order: runner.Order,
    reporter: events.Reporter,
) -> runner.Result:
    """Perform an order in a process that has no part in the run yet.

    Whoever coordinates the run has its lease and its claims.

    Where the backup set is gone, all that needs no file is done all the same:
    servers are started, and what was made in the cloud is undone.

    :raises DocumentError: the journal of the run is damaged.
    """
    journal = journal_.of(order.run)
    run, set_, missing = journal.run(), None, ''
    try:
        set_ = set_of(run)
    except errors.TargetError as exc:
        missing = str(exc)
    work = work_of(cloud, clock, run, reporter, set_)
    result = runner.perform(context.Context.of(work, journal), order)
    if missing and result.news is messages.News.FAILED:
        return dataclasses.replace(result, reason=missing)
    return result


def set_of(run: journal_.Run) -> backup_set.BackupSet | None:
    """Open the backup set of a run, if it has one.

    :raises TargetError: it is not there.
    """
    target = run.plan.request.target
    if not target:
        return None
    return backup_set.BackupSet.open(targets.find(target), run.run)


def work_of(
    cloud: door.Cloud,
    clock: clock_.Clock,
    run: journal_.Run,
    reporter: events.Reporter,
    set_: backup_set.BackupSet | None,
) -> step.Work:
    """Give what all steps of a run share."""
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
    )
