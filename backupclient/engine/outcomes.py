# SPDX-License-Identifier: Apache-2.0
"""The outcomes that an item can have."""

from collections.abc import Iterable, Mapping

from backupclient.model import outcome as outcome_
from backupclient.model import plans
from backupclient.model import tasks
from backupclient.model import wholes
from backupclient.procedures import step as step_


def complete(item: plans.Item, made: step_.Made) -> outcome_.Outcome:
    """All that was planned is made and checked."""
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.COMPLETE,
        size=made.file.size if made.file else item.size,
        consistency=made.consistency or item.consistency,
        captured_at=made.captured_at,
        artifact=made.artifact,
        file=made.file,
        key=made.key,
        notes=(*item.notes, *made.notes, *_worse(item, made)),
        image=made.image,
        secret=made.secret,
        restored=made.restored,
    )


def _worse(item: plans.Item, made: step_.Made) -> tuple[str, ...]:
    if made.consistency in (item.consistency, plans.Consistency.NONE):
        return ()
    return (
        f'It was to be {item.consistency}, but its server was running when it '
        f'was captured: {made.consistency}.',
    )


def failed(
    item: plans.Item, reason: str, notes: Iterable[str] = ()
) -> outcome_.Outcome:
    """It could not be done; the notes say what could not be undone."""
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.FAILED,
        reason=reason,
        notes=tuple(notes),
    )


def skipped(item: plans.Item, reason: str) -> outcome_.Outcome:
    """It was not tried."""
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.SKIPPED,
        reason=reason,
    )


def without_work(
    item: plans.Item, others: Mapping[str, outcome_.Outcome]
) -> outcome_.Outcome:
    """There is nothing to do for it, or no way to do it.

    :param others: the outcomes of its parts, by the IDs of these.
    """
    task = item.task
    if isinstance(task, tasks.Covered):
        state, reason = wholes.state(task, others)
    else:
        state, reason = outcome_.State.SKIPPED, item.reason
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        state,
        reason=reason,
        notes=item.notes,
        restored=task.id if isinstance(task, tasks.Present) else '',
    )
