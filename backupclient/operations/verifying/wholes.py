# SPDX-License-Identifier: Apache-2.0
"""Servers whose data other resources hold get the results of these."""

from collections.abc import Iterable, Sequence
import dataclasses

from backupclient.model import verification
from backupclient.operations.verifying import resource_check

Pair = tuple[resource_check.Job, verification.Row]


def rows(done: Iterable[Pair]) -> list[verification.Row]:
    """Return the rows; those of servers have the worst result of their parts.

    :param done: the jobs with their rows, in the order of the result.
    """
    pairs = list(done)
    return [_with_parts(job, row, pairs) for job, row in pairs]


def _with_parts(
    job: resource_check.Job, row: verification.Row, pairs: Sequence[Pair]
) -> verification.Row:
    entry = job.entry
    if not entry.covered_by or entry.file or entry.artifact:
        return row
    parts = [
        other for one, other in pairs if one is not job and _holds(one, job)
    ]
    if not parts:
        return _with_result(
            row, verification.Result.UNPROVED, 'were not verified'
        )
    worst = max((row, *parts), key=lambda one: one.result.number)
    if worst.result.bad:
        what = f'{worst.kind} "{worst.name or worst.id}" is {worst.result}'
        return _with_result(
            row, worst.result, f'are not all good: {what}', worst.depth
        )
    depth = min((one.depth for one in parts), key=lambda one: one.number)
    return _with_result(row, worst.result, f'are {worst.result}', depth)


def _holds(part: resource_check.Job, whole: resource_check.Job) -> bool:
    """Return whether a volume or an image holds data of a server."""
    server = whole.entry.server
    if server is None:
        return False
    return (
        part.entry.volume is not None
        and part.entry.resource.id in server.volume_ids
    ) or part.entry.resource.label == whole.entry.covered_by


def _with_result(
    row: verification.Row,
    result: verification.Result,
    how: str,
    depth: verification.Depth = verification.Depth.NONE,
) -> verification.Row:
    return dataclasses.replace(
        row,
        result=result,
        depth=depth,
        notes=(*row.notes, f'Its data are in other backups, which {how}.'),
    )
