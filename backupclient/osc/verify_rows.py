# SPDX-License-Identifier: Apache-2.0
"""The table of ``verify``, and what is said below it."""

from collections import Counter

from backupclient.model import verification
from backupclient.operations import verify
from backupclient.osc import base
from backupclient.osc import columns
from backupclient.osc import display


def rows(done: verify.Report) -> base.Table:
    """Give a row for each resource, and for each set that is damaged."""
    return columns.VERIFY, [
        (
            row.run,
            row.kind,
            row.name,
            row.id,
            row.depth.value,
            row.result.value,
            display.Sentences(row.notes),
        )
        for row in done.rows
    ]


def summary(done: verify.Report) -> list[str]:
    """Return the runs, the counts, the bytes, and the time."""
    counts = Counter(row.result for row in done.rows)
    said = [
        f'{counts[result]} {result}'
        for result in verification.Result
        if counts[result]
    ]
    rate = int(done.size / done.seconds) if done.seconds >= 1 else 0
    speed = f', {display.size(rate)}/s' if done.size and rate else ''
    return [
        *_runs(done),
        f'{", ".join(said) or "Nothing to verify"}; '
        f'{display.size(done.size)} hashed in '
        f'{display.age(round(done.seconds))}{speed}',
    ]


def _runs(done: verify.Report) -> list[str]:
    """Say whose backups were verified."""
    runs = sorted({row.run for row in done.rows if row.run}, reverse=True)
    if not runs:
        return []
    if len(runs) == 1:
        return [f'Backups of run {runs[0]}']
    return [f'Backups of {len(runs)} runs, the newest {runs[0]}']
