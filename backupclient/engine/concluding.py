# SPDX-License-Identifier: Apache-2.0
"""Build the outcomes of items."""

from collections.abc import Iterable, Mapping

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import tasks
from backupclient.model import wholes
from backupclient.procedures import interim


def complete(item: plans.Item, made: interim.Made) -> results.Outcome:
    """Return the outcome of an item whose flows are all done.

    :param made: the results of its flows.
    :raises TypeError: if the results are of a group without an item.
    """
    match made:
        case interim.Backup():
            return _backed_up(item, made)
        case interim.Restore():
            return _restored(item, made)
    raise TypeError(f'{item.resource.label} has no outcome of its own')


def _backed_up(item: plans.Item, made: interim.Backup) -> results.Outcome:
    captured, described = made.captured, made.described
    return results.Outcome(
        item.resource,
        item.procedure,
        results.State.COMPLETE,
        size=made.file.size if made.file else item.size,
        consistency=_consistency(item, captured),
        captured_at=captured.at if captured else '',
        artifact=made.artifact,
        file=made.file,
        key=made.key,
        notes=(*item.notes, *made.notes, *_worse(item, captured)),
        image=described if isinstance(described, resources.Image) else None,
        secret=described if isinstance(described, resources.Secret) else None,
    )


def _consistency(
    item: plans.Item, captured: interim.Moment | None
) -> plans.Consistency:
    """Return the consistency of a copy; the planned one if no step set it."""
    return (captured and captured.consistency) or item.consistency


def _worse(
    item: plans.Item, captured: interim.Moment | None
) -> tuple[str, ...]:
    found = _consistency(item, captured)
    if found is item.consistency:
        return ()
    return (
        f'It was to be {item.consistency}, but its server was running when it '
        f'was captured: {found}.',
    )


def _restored(item: plans.Item, made: interim.Restore) -> results.Outcome:
    return results.Outcome(
        item.resource,
        item.procedure,
        results.State.COMPLETE,
        size=item.size,
        consistency=item.consistency,
        notes=(*item.notes, *made.notes),
        restored=made.restored,
    )


def failed(
    item: plans.Item, reason: str, notes: Iterable[str] = ()
) -> results.Outcome:
    """Return the outcome of a failed item.

    :param notes: sentences about steps that could not be undone.
    """
    return results.Outcome(
        item.resource,
        item.procedure,
        results.State.FAILED,
        reason=reason,
        notes=tuple(notes),
    )


def skipped(item: plans.Item, reason: str) -> results.Outcome:
    """Return the outcome of an item that was not tried."""
    return results.Outcome(
        item.resource,
        item.procedure,
        results.State.SKIPPED,
        reason=reason,
    )


def without_work(
    item: plans.Item, others: Mapping[str, results.Outcome]
) -> results.Outcome:
    """Return the outcome of an item without steps of its own.

    Its data are in other resources, or no procedure can back it up.

    :param others: the outcomes of its parts, by their IDs.
    """
    task = item.task
    if isinstance(task, tasks.Covered):
        state, reason = wholes.state(task, others)
    else:
        state, reason = results.State.SKIPPED, item.reason
    return results.Outcome(
        item.resource,
        item.procedure,
        state,
        reason=reason,
        notes=item.notes,
        restored=task.id if isinstance(task, tasks.Present) else '',
    )
