# SPDX-License-Identifier: Apache-2.0
"""The tables, and what is said below them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from backupclient.engine import rehearsal
from backupclient.engine import run as run_
from backupclient.model import leftover
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.model import resources
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display
from backupclient.procedures import compiler
from backupclient.procedures import registry


def plan(planned: plan_.Plan) -> base.Table:
    """Give a row for each resource of a plan."""
    return columns.PLAN, [
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
    """Give a row for each step, as a run does them one at a time."""
    return columns.STEPS, [
        (resource.kind.value, resource.name, title, command)
        for resource, title, command in _steps(planned)
    ]


def _steps(
    planned: plan_.Plan,
) -> Iterator[tuple[resources.Resource, str, str]]:
    graph = compiler.compile(planned)
    stopped = {server for item in planned.items for server in item.stops}
    for flow in rehearsal.rehearse(graph):
        group = graph.group(flow.group)
        # A server that is off by now is looked at, and left alone.
        if group.item is not None or group.resource.id in stopped:
            for title, command in registry.commands(planned, group, flow):
                yield group.resource, title, command


def run(report: run_.Report) -> base.Table:
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


def run_summary(report: run_.Report, seconds: float) -> list[str]:
    """Give the run, where its files are, the counts, the bytes, the time.

    :param seconds: since the command began.
    """
    counts = Counter(outcome.state for outcome in report.outcomes)
    lines = [f'Run {report.run}']
    if report.place:
        lines.append(f'{_set(report)}: {report.place}')
    states = ', '.join(f'{counts[state]} {state}' for state in outcome_.State)
    done = sum(
        outcome.size or 0
        for outcome in report.outcomes
        if outcome.state is outcome_.State.COMPLETE
    )
    spent = display.age(round(seconds))
    return [*lines, f'{states}; {display.size(done)} in {spent}']


def _set(report: run_.Report) -> str:
    if report.exit_code == run_.NOTHING_DONE:
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
    nothing = 'Nothing of that is' if chosen else 'Nothing is'
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


def cleanup_problems(found: Iterable[leftover.Leftover]) -> list[str]:
    """Give the reasons for what could not be deleted."""
    return [
        f'{one.label}: {one.reason}'
        for one in found
        if one.action is leftover.Action.FAILED
    ]


_ACTIONS = {
    leftover.Action.DELETE: 'to delete',
    leftover.Action.DELETED: 'deleted',
    leftover.Action.FAILED: 'could not be deleted',
    leftover.Action.KEEP: 'kept',
}


def _notes(outcome: outcome_.Outcome) -> tuple[str, ...]:
    return tuple(filter(None, (outcome.reason, *outcome.notes)))
