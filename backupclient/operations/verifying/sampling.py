# SPDX-License-Identifier: Apache-2.0
"""``--sample``: the files that were not verified for longest."""

from collections.abc import Sequence
import dataclasses

from backupclient.model import verification
from backupclient.operations.verifying import resource_check
from backupclient.sets import libraries
from backupclient.sets import verified

_DATA = verification.Depth.DATA


def sampled(
    library: libraries.Library,
    jobs: Sequence[resource_check.Job],
    percent: float,
) -> list[resource_check.Job]:
    """Leave the depth of a sample; of all others only look for the files.

    Those that were never hashed come first, then those that were hashed
    longest ago, until they have so many bytes together.

    :param percent: of the bytes of all.
    :returns: all jobs, in their order.
    :raises TargetError: earlier results cannot be listed.
    """
    last = {id(job): _last(library, job) for job in jobs}
    oldest = sorted(jobs, key=lambda job: last[id(job)])
    wanted = sum(job.size for job in jobs) * percent / 100
    chosen, size = set(), 0
    for job in oldest:
        if size < wanted or not job.size:
            chosen.add(id(job))
            size += job.size
    return [
        job if id(job) in chosen else _left_out(job, last[id(job)])
        for job in jobs
    ]


def _last(library: libraries.Library, job: resource_check.Job) -> str:
    """Return when the files of a resource were last hashed, or ``''``."""
    known = library.standings(job.survey.found)
    return verified.of_entry(known, job.entry).proved.get(_DATA, '')


def _left_out(job: resource_check.Job, last: str) -> resource_check.Job:
    when = f'last hashed on {last[:10]}' if last else 'never hashed so far'
    return dataclasses.replace(
        job,
        depth=verification.Depth.FILES,
        notes=(*job.notes, f'Not in the sample; {when}.'),
    )
