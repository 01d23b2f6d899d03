# SPDX-License-Identifier: Apache-2.0
"""Verify backups: ``openstack backup verify``. No data are changed.

For a target, no cloud and no login are needed: what is read is there. For
what stays in the cloud its services are asked. What is found is kept beside
each backup.
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
"""The depths that are offered."""

INCOMPLETE = 3
_FOREIGN_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """How backups are verified.

    :param sample: verify only files with so many percent of the bytes, those
        first that were not verified for longest; None for all.
    :param identities: files of age or SSH private keys, for keys and secrets
        that are encrypted.
    :param ask: asks for the passphrase of such a file, None to ask nobody.
    :param parallel: how many resources at a time.
    :param drill: where restores are tried: for the depth ``restore``.
    """

    depth: Depth = Depth.DATA
    sample: float | None = None
    identities: tuple[str, ...] = ()
    ask: identity.Ask | None = None
    parallel: int = 4
    drill: drills.Drill | None = None

    @property
    def read(self) -> Depth:
        """How much is proved by reading alone."""
        return min(self.depth, Depth.KEYS, key=lambda one: one.number)


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    :param notices: sentences on what the rows do not say.
    :param size: the bytes that were hashed.
    :param seconds: that it took.
    """

    rows: tuple[verification.Row, ...]
    notices: tuple[str, ...]
    size: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """The exit code, as every command promises it."""
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

    :param target: as in a request: the absolute path of a folder; ``''`` for
        the project of the session.
    :param runs: whose backups are meant; without any, the newest complete
        backup of each resource that the request selects, or all of the newest
        run that is complete.
    :param request: its selection is used; None for all.
    :param session: for what stays in the cloud; None if nobody may look.
    :raises UsageError: there is no such run or resource, or an identity file
        cannot be used.
    :raises TargetError: the target cannot be read.
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
    """Return the sets, and a sentence where some may be missing."""
    if target:
        return libraries.Library(targets.find(target)), ()
    if session is None:
        raise errors.UsageError(
            'Say where the backups are: a target, or the session of the '
            'project that has them.'
        )
    return cloud_place.what_is_known(session.cloud)


def _require_drill(settings: Settings) -> None:
    """Raise UsageError if restores are to be tried, and nobody says where."""
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
    """Verify what was chosen, and keep what was found.

    :param here: the project that has what stays in the cloud.
    :returns: rows, notices, and the bytes that were hashed.
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
        # What was found until now is not lost.
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
    # A set is a row where something is wrong with it.
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
    """Say what is in a set and does not belong there."""
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
    """Keep what was found beside each set.

    :returns: sentences on what could not be kept.
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
