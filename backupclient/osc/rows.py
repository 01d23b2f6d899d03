# SPDX-License-Identifier: Apache-2.0
"""The tables, and what is said below them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
import shlex

from backupclient.engine import run as run_
from backupclient.model import leftover
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.model import resources
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display
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
    """Give a row for each step of each resource.

    The server of a group is stopped before its first step, and started when
    the last of its disks is captured.
    """
    return columns.STEPS, [
        (resource.kind.value, resource.name, title, command)
        for resource, title, command in _steps(planned)
    ]


def _steps(
    planned: plan_.Plan,
) -> Iterator[tuple[resources.Resource, str, str]]:
    numbers: dict[str, list[int]] = {}
    for number, item in enumerate(planned.items):
        if item.group in _stopped(planned) and registry.steps(item):
            numbers.setdefault(item.group, []).append(number)
    first = {each[0]: server for server, each in numbers.items()}
    last = {each[-1]: server for server, each in numbers.items()}
    for number, item in enumerate(planned.items):
        if server := first.get(number):
            yield item.resource, 'stop the server', _server('stop', server)
        for each in registry.steps(item):
            yield item.resource, each.title, each.command(item)
            if each.captures and (server := last.pop(number, '')):
                yield (
                    item.resource,
                    'start the server',
                    _server('start', server),
                )


def _stopped(planned: plan_.Plan) -> set[str]:
    """Find the servers that are stopped: not those that are known as off."""
    if not planned.request.stop_servers:
        return set()
    stopped = plan_.Consistency.STOPPED
    groups = {i.group for i in planned.items if i.consistency is stopped}
    off = {
        item.server.id
        for item in planned.items
        if item.server and item.server.status != 'ACTIVE'
    }
    return groups - off - {''}


def _server(verb: str, server_id: str) -> str:
    return f'openstack server {verb} {server_id}'


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


def run_summary(report: run_.Report) -> list[str]:
    """Give the run, where its files are, and the counts."""
    counts = Counter(outcome.state for outcome in report.outcomes)
    lines = [f'Run {report.run}']
    if report.place:
        lines.append(f'Backup set: {report.place}')
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
    reasons = dict.fromkeys(one.reason for one in found if one.reason)
    said = [
        f'{counts[action]} {words}'
        for action, words in _ACTIONS.items()
        if counts[action]
    ]
    return [*reasons, ', '.join(said) or f'{nothing} left by any run.']


_ACTIONS = {
    leftover.Action.DELETE: 'to delete',
    leftover.Action.DELETED: 'deleted',
    leftover.Action.FAILED: 'could not be deleted',
    leftover.Action.KEEP: 'kept',
}


def _notes(outcome: outcome_.Outcome) -> tuple[str, ...]:
    return tuple(filter(None, (outcome.reason, *outcome.notes)))
