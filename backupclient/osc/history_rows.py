# SPDX-License-Identifier: Apache-2.0
"""The tables of ``history``, and the summaries below them."""

from backupclient.model import histories
from backupclient.model import verification
from backupclient.operations import history
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display

_UNFINISHED = histories.State.UNFINISHED


def backups(found: history.Backups) -> base.Table:
    """Return the columns, and a row for each resource and run."""
    return columns.HISTORY, [
        (
            row.run,
            display.Time(row.captured_at),
            row.kind,
            row.name,
            row.id,
            row.procedure,
            row.state.value,
            display.Size(row.size),
            row.place,
            verified(row.standing),
            display.Sentences(row.notes),
        )
        for row in found.rows
    ]


def runs(found: history.Runs) -> base.Table:
    """Return the columns, and a row for each run."""
    return columns.RUNS, [
        (
            row.run,
            display.Time(row.started_at),
            display.Time(row.finished_at),
            row.state.value,
            display.Count(row.complete),
            display.Count(row.failed),
            display.Count(row.skipped),
            display.Size(row.size),
            row.place,
            row.host,
        )
        for row in found.rows
    ]


def verified(standing: verification.Standing) -> str:
    """Return the result of verifications for the column ``Verified``."""
    if standing.damaged:
        return 'damaged'
    if not standing.at:
        return 'never'
    return f'{standing.depth.value} {standing.at[:10]}'


def summary(found: history.Backups, *, in_cloud: bool) -> list[str]:
    """Return a line with the counts.

    :param in_cloud: whether no target was given.
    """
    rows = [row for row in found.rows if row.kind != histories.SET]
    complete = [row for row in rows if row.state is histories.State.COMPLETE]
    others = len(found.rows) - len(complete)
    of = len({(row.kind, row.id) for row in complete})
    if not found.rows:
        return [_nothing('backups', in_cloud=in_cloud)]
    return [
        f'{_count(len(complete), "complete backup")} of '
        f'{_count(of, "resource")}'
        f'{f"; {others} not complete" if others else ""}'
    ]


def summary_of_runs(found: history.Runs, *, in_cloud: bool) -> list[str]:
    """Return a line with the counts, as :func:`summary`."""
    if not found.rows:
        return [_nothing('runs', in_cloud=in_cloud)]
    open_ = sum(row.state is _UNFINISHED for row in found.rows)
    return [
        f'{_count(len(found.rows), "run")}'
        f'{f", {open_} not finished" if open_ else ""}'
    ]


def _nothing(what: str, *, in_cloud: bool) -> str:
    if in_cloud:
        return f'The cloud has no {what}. --from lists those in a target.'
    return f'No {what} are there.'


def _count(number: int, noun: str) -> str:
    return f'{number} {noun}{"" if number == 1 else "s"}'
