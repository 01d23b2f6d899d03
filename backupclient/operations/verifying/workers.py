# SPDX-License-Identifier: Apache-2.0
"""Verify many resources, several at a time."""

from collections.abc import Sequence
from concurrent import futures
import dataclasses
import functools

from backupclient import errors
from backupclient import stops
from backupclient.keys import identity
from backupclient.model import events
from backupclient.model import manifests
from backupclient.model import verification
from backupclient.operations.verifying import resource_check
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.sets import verified

_STEPS = {
    verification.Depth.FILES: 'look whether its files are there',
    verification.Depth.DATA: 'hash its files',
    verification.Depth.KEYS: 'hash its files, try its key',
}


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """The parameters that all workers share.

    :param stop: the request that stops all of them.
    """

    library: libraries.Library
    identities: identity.Identities
    reporter: events.Reporter
    stop: stops.Stop


Done = dict[int, verification.Row]
"""Rows by the numbers of their jobs."""


def perform(
    work: Work,
    jobs: Sequence[resource_check.Job],
    parallel: int,
    done: Done,
) -> None:
    """Verify resources.

    :param parallel: the number of resources that are verified at a time.
    :param done: receives each row when its job ends, so the caller has them
        even after an exception.
    :raises Interrupted: if this thread or a worker is to stop. After any
        exception, all workers have ended.
    """
    # The largest first: otherwise one worker could be left with the longest
    # job after all others have ended.
    largest = sorted(
        enumerate(jobs), key=lambda each: each[1].size, reverse=True
    )
    with futures.ThreadPoolExecutor(parallel, 'verify') as pool:
        try:
            numbers = {
                pool.submit(_verify, work, job): number
                for number, job in largest
            }
            for future in futures.as_completed(numbers):
                done[numbers[future]] = future.result()
        except BaseException:
            work.stop.ask()
            pool.shutdown(cancel_futures=True)
            raise


def _verify(work: Work, job: resource_check.Job) -> verification.Row:
    work.stop.check()
    resource, run = job.entry.resource, job.survey.found.run
    work.reporter.step(resource, _STEPS[job.depth])
    try:
        row = resource_check.verify(
            job,
            work.identities,
            work.stop,
            functools.partial(work.reporter.progress, resource),
            functools.partial(work.library.run_with, run),
        )
    except errors.Interrupted:
        raise
    except errors.BackupError as exc:
        # A failure must not stop the other resources.
        row = resource_check.unknown(job, str(exc))
    if row.result.bad:
        row = _with_other_backup(work.library, job, row)
    work.reporter.done(resource, row.result.value)
    return row


def _with_other_backup(
    library: libraries.Library,
    job: resource_check.Job,
    row: verification.Row,
) -> verification.Row:
    """Add a note on another backup of the resource to its row."""
    return dataclasses.replace(row, notes=(*row.notes, _other(library, job)))


def _other(library: libraries.Library, job: resource_check.Job) -> str:
    """Return a note on the newest other backup that is not damaged."""
    manifest, resource = job.survey.manifest, job.entry.resource
    for found, entry in library.others(manifest, resource):
        standing = _standing(library, found, entry)
        proved = 'it was never verified'
        if standing.at:
            proved = f'good at depth {standing.depth} on {standing.at[:10]}'
        if not standing.damaged:
            of = f', captured {entry.captured_at}' if entry.captured_at else ''
            return f'Run {found.run} has another backup of it{of}: {proved}.'
    return 'No other set here has a complete backup of it.'


def _standing(
    library: libraries.Library,
    found: catalogue.Found,
    entry: manifests.Entry,
) -> verification.Standing:
    """Return another backup's standing, an empty one if unreadable."""
    try:
        known = library.standings(found)
    except errors.TargetError:
        known = {}
    return verified.of_entry(known, entry)
