# SPDX-License-Identifier: Apache-2.0
"""One pass over the flows of a run that are not done yet."""

from collections.abc import Callable
import contextlib
import dataclasses
import logging

from backupclient import errors
from backupclient.engine import contexts
from backupclient.engine import coordinators
from backupclient.engine import executors
from backupclient.engine import journal_base
from backupclient.engine import lease_keeping
from backupclient.engine import ledgers
from backupclient.engine import messages
from backupclient.engine import past_work
from backupclient.engine import record
from backupclient.engine import schedules
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.model import results
from backupclient.procedures import interim
from backupclient.procedures import step

LOG = logging.getLogger(__name__)

Staff = Callable[[contexts.Context, int], executors.Executor]
"""Returns an executor for this number of flows at a time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """The result of a pass.

    :param outcomes: one for each item, in the order of the plan.
    :param plan: the plan, with the fallbacks that items use.
    :param finished: True if each item has its final outcome.
    :param good: True if each server that was stopped runs again.
    :param settle: writes the outcomes of items with gathered files to the
        journal. Call it after the files are stored.
    """

    outcomes: tuple[results.Outcome, ...]
    plan: plans.Plan
    finished: bool
    good: bool
    settle: Callable[[], None]


def execute(
    work: step.Work,
    journal: journal_base.Journal,
    lease: lease_keeping.Lease,
    staff: Staff,
) -> Ended:
    """Perform the flows of a run that are not done yet.

    :param lease: the lease of the run, already kept.
    :param staff: returns the executor for the flows.
    :raises DocumentError: if the journal is damaged.
    """
    context = contexts.Context.of(work, journal)
    _forget_lost(context)
    past = _past(context)
    parallel = journal.run().parallel
    schedule = schedules.Schedule(
        context.graph, parallel, _free(context, past), past
    )
    ledger = ledgers.Ledger(context)
    coordinator = coordinators.Coordinator(
        context, schedule, staff(context, parallel), lease, ledger
    )
    coordinator.run()
    return Ended(
        ledger.outcomes(),
        ledger.plan,
        ledger.finished,
        coordinator.all_is_good,
        ledger.settle,
    )


def _forget_lost(context: contexts.Context) -> None:
    """Forget flows whose file was lost in a kill, so that they run again.

    Some stores gather files in the process before they store them. Until then
    the journal has no outcome: see :meth:`.ledgers.Ledger.settle`.
    """
    files, journal = context.work.files, context.journal
    if files is None or not files.can.gathering:
        return
    for group in context.graph.groups:
        if group.item is None or group.item in journal.outcomes():
            continue
        for flow in group.flows:
            found = journal.progress(flow.id)
            made = found.done[-1].made if found and found.done else None
            file = made.file if isinstance(made, interim.Backup) else None
            if file and files.stat(file.path) is None:
                with contextlib.suppress(errors.JournalError):
                    journal.forget(flow.id)


def _past(context: contexts.Context) -> past_work.Past:
    """Return what earlier processes have done, from the journal."""
    replaced = context.journal.replaced()
    outcomes = context.journal.outcomes()
    endings, others, traces = {}, set(), {}
    for group in context.graph.groups:
        flows = group.flows
        if group.item in replaced:
            others.add(group.id)
            flows = group.instead
        if group.item is not None and group.item in outcomes:
            state = outcomes[group.item].state
            endings[group.id] = messages.Ending(state.value)
            continue
        for flow in flows:
            trace = _trace(context, flow)
            if trace is not None:
                traces[flow.id] = trace
    return past_work.Past(endings, frozenset(others), traces)


def _trace(
    context: contexts.Context, flow: graphs.Flow
) -> past_work.Trace | None:
    if not flow.steps:
        return None
    found = record.Record(
        context.journal,
        flow,
        context.steps(flow),
        interim.kind(flow.part)(),
    )
    if not found.begun:
        return None
    return past_work.Trace(
        done=found.done == len(flow.steps) and not found.undoing,
        made=found.done > 0,
        undoing=found.undoing,
    )


def _free(context: contexts.Context, past: past_work.Past) -> dict[str, int]:
    """Return the free quotas; ``{}`` if unreadable or not needed."""
    takes = any(
        flow.takes
        for flow in context.graph.flows()
        if flow.group not in past.endings
    )
    if not takes:
        return {}
    cloud = context.work.cloud
    try:
        quotas = cloud.cinder.quotas(cloud.identity.project_id)
    except errors.BackupError:
        LOG.debug('The quotas cannot be read', exc_info=True)
        return {}
    return {
        name: quota.free
        for name, quota in quotas.items()
        if quota.free is not None
    }
