# SPDX-License-Identifier: Apache-2.0
"""The tables, and what is said below them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backupclient.model import leftover
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import tasks
from backupclient.operations import export_key
from backupclient.operations import plan as operation
from backupclient.operations import restore_files
from backupclient.operations import run
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display

_Row = tuple[Any, ...]


def plan(planned: plans.Plan, last_backups: Mapping[str, str]) -> base.Table:
    """Give a row for each resource of a plan.

    :param last_backups: a sentence on the last backup, by the resource's ID.
    """
    return columns.PLAN, [
        (
            item.resource.kind.value,
            item.resource.name,
            item.resource.id,
            display.Size(item.size),
            item.procedure.value,
            item.consistency.value,
            item.result,
            display.Sentences(
                (
                    item.reason,
                    *item.notes,
                    *filter(None, (last_backups.get(item.resource.id),)),
                )
            ),
        )
        for item in planned.items
    ]


def steps(planned: plans.Plan) -> base.Table:
    """Return a row for each step of a plan."""
    return columns.STEPS, [
        (
            each.resource.kind.value,
            each.resource.name,
            each.title,
            display.Script(each.command),
        )
        for each in operation.steps(planned)
    ]


def outcomes(report: run.Report) -> base.Table:
    """Give a row for each outcome of a run."""
    return columns.RUN, [
        (
            outcome.resource.kind.value,
            outcome.resource.name,
            outcome.resource.id,
            outcome.procedure.value,
            outcome.state.value,
            outcome.result,
            display.Size(outcome.size),
            outcome.seconds,
            display.Sentences(_notes(outcome)),
        )
        for outcome in report.outcomes
    ]


def restoring(planned: plans.Plan) -> base.Table:
    """Give a row for each resource of a plan that restores."""
    return columns.RESTORING, [
        (
            item.resource.kind.value,
            item.resource.name,
            item.resource.id,
            item.procedure.value,
            item.result,
            display.Size(item.size),
            display.Sentences((item.reason, *item.notes)),
        )
        for item in planned.items
    ]


def restored(outcomes: Iterable[results.Outcome]) -> base.Table:
    """Give a row for each outcome of a restore."""
    return columns.RESTORED, [
        (
            outcome.resource.kind.value,
            outcome.resource.name,
            outcome.resource.id,
            outcome.restored,
            outcome.state.value,
            display.Size(outcome.size),
            outcome.seconds,
            display.Sentences(_notes(outcome)),
        )
        for outcome in outcomes
    ]


def files_summary(done: restore_files.Report) -> list[str]:
    """Return where the files are, the counts, the bytes, the time."""
    return [
        f'Files: {done.place}',
        _counts(done.outcomes, done.seconds),
    ]


def plan_summary(planned: plans.Plan) -> list[str]:
    """Give the counts, the cost and the cautions."""
    there = sum(isinstance(i.task, tasks.Present) for i in planned.items)
    able = sum(item.possible for item in planned.items) - there
    moved = display.size(planned.bytes_to_move)
    lines = [
        f'{able} of {len(planned.items)} resources can be '
        f'{_DONE[planned.command]}{_there(there)}; {moved} to move'
        f'{_into_files(planned)}',
        *_suffix(planned),
    ]
    lines += [
        f'Quota {peak.quota}: at least {peak.needed} needed, {peak.free} free.'
        for peak in planned.peaks
        if peak.free is not None
    ]
    return lines + [f'Caution: {text}' for text in planned.cautions]


def _there(count: int) -> str:
    """Say how many need not be restored."""
    if not count:
        return ''
    return f', {count} {"exists" if count == 1 else "exist"} already'


def _into_files(planned: plans.Plan) -> str:
    if planned.restore is not None:
        return '.'
    return f', {display.size(planned.bytes_to_files)} of it into files.'


def _suffix(planned: plans.Plan) -> list[str]:
    """Return how the new names differ from those in the table."""
    suffix = planned.restore.suffix if planned.restore else ''
    return [f'The new names end in "{suffix}".'] if suffix else []


def run_summary(done: run.Result) -> list[str]:
    """Return the run, where its files are, the counts, the bytes, the time."""
    report = done.report
    lines = [f'Run {report.run}']
    if report.place:
        lines.append(f'{_set(report)}: {report.place}')
    lines.append(_counts(report.outcomes, done.seconds))
    made = any(one.state is results.State.COMPLETE for one in report.outcomes)
    return [*lines, *(_suffix(done.plan) if made else ())]


def _counts(outcomes: Sequence[results.Outcome], seconds: float) -> str:
    counts = Counter(outcome.state for outcome in outcomes)
    states = ', '.join(f'{counts[state]} {state}' for state in results.State)
    size = sum(
        outcome.size or 0
        for outcome in outcomes
        if outcome.state is results.State.COMPLETE
    )
    return f'{states}; {display.size(size)} in {display.age(round(seconds))}'


def _set(report: run.Report) -> str:
    if report.exit_code == run.NOTHING_DONE:
        return 'No backup set; what failed is noted in'
    return 'Backup set'


def cleanup(found: Iterable[leftover.Leftover]) -> base.Table:
    """Give a row for each thing that a run left."""
    return columns.CLEANUP, [
        (
            one.kind.value,
            one.name,
            one.id,
            one.run,
            display.Age(round(one.age.total_seconds())),
            display.Size(one.size),
            one.action.value,
        )
        for one in found
    ]


def cleanup_summary(
    found: Sequence[leftover.Leftover], *, chosen: bool
) -> list[str]:
    """Give the reasons for what stays, and the counts.

    :param chosen: only some of what was left was asked for.
    """
    nothing = 'No such thing is' if chosen else 'Nothing is'
    counts = Counter(one.action for one in found)
    reasons = dict.fromkeys(
        one.reason
        for one in found
        if one.reason and one.action is leftover.Action.KEEP
    )
    said = [
        f'{counts[action]} {words}'
        for action, words in _ACTIONS.items()
        if counts[action]
    ]
    if not said:
        return [f'{nothing} left by any run.']
    size = sum(one.size or 0 for one in found)
    return [*reasons, f'{", ".join(said)}; {display.size(size)} in all']


def key(exported: export_key.Exported) -> tuple[tuple[str, ...], _Row]:
    """Return the row of an exported key."""
    return columns.KEY, (
        exported.source.kind.value,
        exported.source.id,
        exported.secret_id,
        exported.secret_type,
        exported.algorithm,
        exported.bit_length,
        exported.form.value,
        str(exported.file or '-'),
        exported.fingerprint,
        exported.proof.opens.value,
    )


def key_cautions(exported: export_key.Exported) -> list[str]:
    """Say what a person should know of an exported key."""
    said = [exported.proof.reason] if exported.proof.reason else []
    if not exported.sealed:
        said.append(
            f'Caution: {exported.file or "stdout"} has the key unprotected. '
            'Keep it where only you can read it.'
        )
    return said


_DONE = {'run': 'backed up', 'restore': 'restored'}
_ACTIONS = {
    leftover.Action.DELETE: 'to delete',
    leftover.Action.DELETED: 'deleted',
    leftover.Action.FAILED: 'could not be deleted',
    leftover.Action.KEEP: 'kept',
}


def _notes(outcome: results.Outcome) -> tuple[str, ...]:
    return tuple(filter(None, (outcome.reason, *outcome.notes)))
