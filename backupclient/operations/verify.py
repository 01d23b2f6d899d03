# SPDX-License-Identifier: Apache-2.0
"""Verify backups: ``openstack backup verify``. No data are changed.

Backups in a target are verified without a cloud or a login, unless restores
are tried. For backups in the cloud, the services are asked. The results are
stored beside each backup.
"""

from collections.abc import Iterable, Sequence
import contextlib
import dataclasses
import datetime
import time

from backupclient import errors
from backupclient import stops
from backupclient.cloud import inventory
from backupclient.keys import identity
from backupclient.model import events
from backupclient.model import inventories
from backupclient.model import requests
from backupclient.model import verification
from backupclient.operations import cloud_place
from backupclient.operations import readable
from backupclient.operations import sessions
from backupclient.operations.verifying import choice
from backupclient.operations.verifying import drills
from backupclient.operations.verifying import resource_check
from backupclient.operations.verifying import sampling
from backupclient.operations.verifying import wholes
from backupclient.operations.verifying import workers
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.sets import set_survey
from backupclient.sets import verified
from backupclient.store import targets

Depth = verification.Depth

Drill = drills.Drill

DEPTHS = (Depth.FILES, Depth.DATA, Depth.KEYS, Depth.RESTORE)
"""The depths that a user can choose, in ascending order."""

INCOMPLETE = 3
_FOREIGN_SHOWN = 5
"""The most files that a notice names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """How backups are verified.

    :param sample: the percentage of the bytes to read, starting with the
        files whose last verification is oldest; None for all.
    :param identities: files of age or SSH private keys, for encrypted keys
        and secrets.
    :param ask: asks a person for the passphrase of such a file; None to ask
        nobody.
    :param parallel: the number of resources that are verified at a time.
    :param drill: where restores are tried; needed for the depth ``restore``,
        and None for the others.
    """

    depth: Depth = Depth.DATA
    sample: float | None = None
    identities: tuple[str, ...] = ()
    ask: identity.Ask | None = None
    parallel: int = 4
    drill: drills.Drill | None = None

    @property
    def read(self) -> Depth:
        """The depth that reading alone can prove."""
        return min(self.depth, Depth.KEYS, key=lambda one: one.number)


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    :param notices: sentences about problems that have no row.
    :param size: the bytes that were hashed.
    :param seconds: the duration.
    """

    rows: tuple[verification.Row, ...]
    notices: tuple[str, ...]
    size: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return INCOMPLETE if any(row.fails for row in self.rows) else 0


def verify(
    target: str,
    runs: Sequence[str] = (),
    request: requests.Request | None = None,
    reporter: events.Reporter | None = None,
    settings: Settings | None = None,
    session: sessions.Session | None = None,
) -> Report:
    """Verify backups in a target, or those that stay in the cloud.

    :param target: a target, as in a request; ``''`` for backups that stay in
        the project of the session.
    :param runs: the runs whose backups are verified. Without any, verify the
        newest complete backup of each resource that the request selects; if
        it selects nothing, all complete backups of the newest complete run,
        or else of the newest run in which something is complete.
    :param request: only its selection is used; None for all resources.
    :param session: a login, needed without a target.
    :raises UsageError: if there is no such run or resource, or an identity
        file cannot be used, or the drill does not fit the depth.
    :raises TargetError: if the target cannot be read.
    :raises Interrupted: if this thread is to stop.
    """
    settings = settings or Settings()
    _require_drill(settings)
    started = time.monotonic()
    keys = identity.Identities.load(settings.identities, settings.ask)
    library, troubles = _library(target, session)
    chosen = choice.choose(library, runs, request or requests.Request())
    work = workers.Work(
        library, keys, reporter or events.Silent(), stops.Stop()
    )
    here = inventory.read(session.cloud) if session and not target else None
    read = {
        *(one.found.run for one in chosen.sets),
        *(one.opened.found.run for one in chosen.backups),
    }
    with readable.claimed(library.store, sorted(read), 'verify'):
        rows, notices, size = _perform(work, chosen, settings, here)
    return Report(
        (*chosen.rows, *rows),
        (*chosen.notices, *troubles, *notices),
        size,
        time.monotonic() - started,
    )


def _library(
    target: str, session: sessions.Session | None
) -> tuple[libraries.Library, tuple[str, ...]]:
    """Return the sets, and the reasons why some sets may be missing."""
    if target:
        return libraries.Library(targets.find(target)), ()
    if session is None:
        raise errors.UsageError(
            'Say where the backups are: a target, or the session of the '
            'project that has them.'
        )
    return cloud_place.what_is_known(session.cloud)


def _require_drill(settings: Settings) -> None:
    """Raise UsageError if the drill does not fit the depth."""
    if (settings.depth is Depth.RESTORE) is not (settings.drill is not None):
        raise errors.UsageError(
            'The depth "restore" needs a cloud to restore into, and the other '
            'depths need none.'
        )


def _perform(
    work: workers.Work,
    chosen: choice.Chosen,
    settings: Settings,
    here: inventories.Inventory | None,
) -> tuple[list[verification.Row], list[str], int]:
    """Verify the chosen backups, and store the results.

    :param here: the inventory of the project, for backups in the cloud.
    :returns: rows, notices, and the number of bytes that were hashed.
    """
    surveys = _surveys(work.library, chosen)
    jobs = [
        resource_check.Job(
            surveys[one.opened.found],
            one.entry,
            settings.read,
            one.notes,
            here,
        )
        for one in chosen.backups
    ]
    if settings.sample is not None:
        jobs = sampling.sampled(work.library, jobs, settings.sample)
    of_sets = [
        set_survey.row_of_set(one, settings.read, work.stop)
        for one in surveys.values()
    ]
    done: workers.Done = {}
    try:
        workers.perform(work, jobs, settings.parallel, done)
    except BaseException:
        # Keep the results so far: hashing may have taken hours.
        found = [done[number] for number in sorted(done)]
        with contextlib.suppress(errors.BackupError):
            _keep(work.library, settings.depth, [*of_sets, *found])
        raise
    rows = wholes.rows([(job, done[n]) for n, job in enumerate(jobs)])
    if settings.drill is not None:
        rows = drills.rows(
            settings.drill,
            work.library,
            chosen.backups,
            rows,
            work.identities,
            work.reporter,
            settings.parallel,
        )
    notices = [text for one in surveys.values() for text in _foreign(one)]
    notices += _keep(work.library, settings.depth, [*of_sets, *rows])
    # A set has a row of its own only if something is wrong with it.
    rows = [*(one for one in of_sets if one.fails), *rows]
    return rows, notices, sum(map(_hashed, jobs))


def _surveys(
    library: libraries.Library, chosen: choice.Chosen
) -> dict[catalogue.Found, set_survey.Survey]:
    every = (*chosen.sets, *(one.opened for one in chosen.backups))
    opened = {one.found: one for one in every}
    return {
        found: set_survey.survey(library.store, one)
        for found, one in opened.items()
    }


def _hashed(job: resource_check.Job) -> int:
    return job.size if job.depth.number >= Depth.DATA.number else 0


def _foreign(one: set_survey.Survey) -> Iterable[str]:
    """Yield a sentence if a set has files that do not belong to it."""
    if one.foreign:
        more = len(one.foreign) - _FOREIGN_SHOWN
        shown = ', '.join(one.foreign[:_FOREIGN_SHOWN])
        yield (
            f'{one.files.name} has files that do not belong to the set: '
            f'{shown}{f" and {more} more" if more > 0 else ""}.'
        )


def _keep(
    library: libraries.Library,
    depth: Depth,
    rows: Sequence[verification.Row],
) -> list[str]:
    """Store the results beside each set.

    :returns: a sentence for each set whose results could not be stored.
    """
    now = datetime.datetime.now(datetime.UTC)
    notices = []
    for found in library.finished:
        own = [row for row in rows if row.run == found.run]
        if not own:
            continue
        try:
            verified.keep(library.store, found, depth, own, now)
        except errors.TargetError as exc:
            notices.append(
                f'The result could not be kept beside the backup: {exc}'
            )
    return notices
