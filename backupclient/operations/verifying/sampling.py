# SPDX-License-Identifier: Apache-2.0
"""``--sample``: verify fully only the backups hashed longest ago."""

from collections.abc import Sequence
import dataclasses

from backupclient.model import verification
from backupclient.operations.verifying import resource_check
from backupclient.sets import libraries
from backupclient.sets import verified


def sampled(
    library: libraries.Library,
    jobs: Sequence[resource_check.Job],
    percent: float,
) -> list[resource_check.Job]:
    """Return the jobs, with the depth of those outside the sample reduced.

    The sample takes the backups that were never hashed, then those hashed
    longest ago, until it covers ``percent`` of all bytes. The others are
    verified at the depth ``files``. Backups without files to hash, such as
    artifacts in the cloud, cost nothing and keep their depth.

    :param percent: the share of the bytes of all jobs, 0 to 100.
    :returns: all jobs, in their order.
    :raises TargetError: if the results of earlier verifications cannot be
        listed.
    """
    # By identity: jobs hold whole sets, too much to compare.
    hashed_at = {id(job): _hashed_at(library, job) for job in jobs}
    oldest = sorted(jobs, key=lambda job: hashed_at[id(job)])
    wanted_bytes = sum(job.size for job in jobs) * percent / 100
    sample, size = set(), 0
    for job in oldest:
        if size < wanted_bytes or not job.size:
            sample.add(id(job))
            size += job.size
    return [
        job if id(job) in sample else _reduced(job, hashed_at[id(job)])
        for job in jobs
    ]


def _hashed_at(library: libraries.Library, job: resource_check.Job) -> str:
    """Return when the files of a backup were last hashed, ``''`` for never."""
    known = library.standings(job.survey.found)
    return verified.of_entry(known, job.entry).hashed_at


def _reduced(job: resource_check.Job, at: str) -> resource_check.Job:
    when = f'last hashed on {at[:10]}' if at else 'never hashed so far'
    return dataclasses.replace(
        job,
        depth=verification.Depth.FILES,
        notes=(*job.notes, f'Not in the sample; {when}.'),
    )
