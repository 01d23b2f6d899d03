# SPDX-License-Identifier: Apache-2.0
"""The tables, and what is said below them."""

from collections import Counter
from collections.abc import Iterable, Sequence
import shlex

from backupclient.engine import run as run_
from backupclient.model import leftover
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.osc import base
from backupclient.osc import display
from backupclient.procedures import registry


def plan(planned: plan_.Plan) -> base.Table:
    """Give a row for each resource of a plan."""
    columns = (
        'Kind',
        'Name',
        'ID',
        'Size',
        'Procedure',
        'Consistency',
        'Result',
        'Notes',
    )
    return columns, [
        (
            item.resource.kind.value,
            item.resource.name,
            item.resource.id,
            display.Size(item.size),
            item.procedure.value,
            item.consistency.value,
            item.result,
            display.Sentences((item.reason, *item.notes)),
        )
        for item in planned.items
    ]


def steps(planned: plan_.Plan) -> base.Table:
    """Give a row for each step of each resource."""
    return ('Kind', 'Name', 'Step', 'Command'), [
        (
            item.resource.kind.value,
            item.resource.name,
            each.title,
            each.command(item),
        )
        for item in planned.items
        for each in registry.steps(item)
    ]


def run(report: run_.Report) -> base.Table:
    """Give a row for each outcome of a run."""
    columns = (
        'Kind',
        'Name',
        'ID',
        'Procedure',
        'Outcome',
        'Result',
        'Size',
        'Seconds',
        'Notes',
    )
    return columns, [
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


def plan_summary(planned: plan_.Plan) -> list[str]:
    """Give the counts, the cost and the cautions."""
    able = sum(item.possible for item in planned.items)
    lines = [
        f'{able} of {len(planned.items)} resources can be backed up; '
        f'{display.size(planned.bytes_to_move)} to move, '
        f'{display.size(planned.bytes_to_files)} of it into files.'
    ]
    lines += [
        f'Quota {peak.quota}: at least {peak.needed} needed, {peak.free} free.'
        for peak in planned.peaks
        if peak.free is not None
    ]
    return lines + [f'Caution: {text}' for text in planned.cautions]


def run_summary(report: run_.Report) -> list[str]:
    """Give the run, where its files are, and the counts."""
    counts = Counter(outcome.state for outcome in report.outcomes)
    lines = [f'Run {report.run}']
    if report.folder:
        lines.append(f'Backup set: {report.folder}')
    lines.append(
        ', '.join(f'{counts[state]} {state}' for state in outcome_.State)
    )
    if report.interrupted:
        lines.append(
            'Interrupted. Go on with: openstack backup run --resume '
            + shlex.quote(report.run)
        )
    return lines


def cleanup(found: Iterable[leftover.Leftover]) -> base.Table:
    """Give a row for each thing that a run left."""
    columns = ('Kind', 'Name', 'ID', 'Run', 'Age', 'Size', 'Action')
    return columns, [
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


def cleanup_summary(found: Sequence[leftover.Leftover]) -> list[str]:
    """Give the reasons for what stays, and the counts."""
    counts = Counter(one.action for one in found)
    reasons = dict.fromkeys(one.reason for one in found if one.reason)
    said = [
        f'{counts[action]} {words}'
        for action, words in _ACTIONS.items()
        if counts[action]
    ]
    return [*reasons, ', '.join(said) or 'Nothing is left by any run.']


_ACTIONS = {
    leftover.Action.DELETE: 'to delete',
    leftover.Action.DELETED: 'deleted',
    leftover.Action.FAILED: 'could not be deleted',
    leftover.Action.KEEP: 'kept',
}


def _notes(outcome: outcome_.Outcome) -> tuple[str, ...]:
    return tuple(filter(None, (outcome.reason, *outcome.notes)))
