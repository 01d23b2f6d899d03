# SPDX-License-Identifier: Apache-2.0
"""Choosing the backup of each selected resource: the run that it is from.

All manifests are of finished sets. A target may have sets of many projects:
:func:`of_project` picks those of one project before anything is chosen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import datetime

from backupclient import errors
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import results
from backupclient.model import stamps
from backupclient.planner import backed_up

_SHOWN = 5

_DAMAGED = (
    'Caution: "backup verify" found this backup damaged. It is taken because '
    'its run was named.'
)
NONE_GOOD = (
    'No backup of it is good: "backup verify" found each complete backup of '
    'it damaged. Verify again if the damage was mended, or take it all the '
    'same: name the run with --run.'
)
"""The reason of an entry of which every complete backup is damaged."""

Damaged = Callable[[str, manifests.Entry], bool]
"""Returns whether a verification has found a backup damaged or missing, by
its run and its entry."""


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The backup that is taken for a resource.

    :param entry: not complete if the resource has no complete backup. Then
        the caller has to show the reason and the notes.
    :param notes: sentences for the row of the resource.
    """

    run: str
    entry: manifests.Entry
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True if there is a backup to take."""
        return backed_up.is_complete(self.entry)


def newest_first(
    known: Iterable[manifests.Manifest],
) -> tuple[manifests.Manifest, ...]:
    """Return manifests by run, the newest first.

    A run's ID begins with the time of its start.
    """
    return tuple(sorted(known, key=lambda one: one.run, reverse=True))


def of_project(
    known: Iterable[manifests.Manifest], run: str = ''
) -> tuple[manifests.Manifest, ...]:
    """Return the manifests of one project, the newest first.

    :param run: a run of the wanted project, ``''`` for the newest run.
    :raises UsageError: if there is no manifest of that run.
    """
    every = newest_first(known)
    if not every:
        return ()
    wanted = (_of_run(every, run) if run else every[0]).identity.project
    return tuple(one for one in every if one.identity.project == wanted)


def choose(
    known: Iterable[manifests.Manifest],
    request: requests.Request,
    *,
    run: str = '',
    at: datetime.datetime | None = None,
    damaged: Damaged = lambda run, entry: False,
) -> tuple[Choice, ...]:
    """Return the backup of each resource that a request selects.

    With ``--all``, these are the resources of one run: the newest one, or the
    one that ``run`` or ``at`` selects. If a backup of that run is incomplete,
    the resource's newest complete backup is taken. Resources that only older
    runs have are left out. With a selection, the newest complete backup of
    each resource is taken.

    A damaged backup is replaced by an older one. If no backup is good, the
    entry of the choice is FAILED. If the damaged backup is of the run that
    ``run`` names, it is taken, with a note.

    :param known: manifests of one project, see :func:`of_project`.
    :param run: the newest run from which backups are taken.
    :param at: an aware time; runs that ended later are ignored.
    :raises UsageError: if a name fits no or several resources, or if there
        is no such run.
    """
    every = until(newest_first(known), run, at)
    if not every:
        raise errors.UsageError('There is no backup to choose from.')
    whole = request.everything or not request.selects
    past = backed_up.history(every[:1] if whole else every)
    chosen = backed_up.selected(past, request)
    based = every[0] if whole or run else None
    choices = _choices(chosen, every, based)
    sound = (
        _noted(one, damaged)
        if one.run == run
        else _good(one, based, every, damaged)
        for one in choices
    )
    return tuple(_with_notes(sound))


def _noted(one: Choice, damaged: Damaged) -> Choice:
    """Return a choice of the named run, with a note if it is damaged."""
    if not one.complete or not damaged(one.run, one.entry):
        return one
    return dataclasses.replace(one, notes=(*one.notes, _DAMAGED))


def _good(
    one: Choice,
    based: manifests.Manifest | None,
    every: Sequence[manifests.Manifest],
    damaged: Damaged,
) -> Choice:
    """Return the choice, or an older backup of it that is not damaged.

    :param one: the newest complete backup, or the backup of run ``based``.
    :param every: the manifests, the newest first.
    """
    if not one.complete or not damaged(one.run, one.entry):
        return one
    key = backed_up.key(one.entry.resource)
    for manifest in every:
        entry = _entries(
            each for each in manifest.items if backed_up.is_complete(each)
        ).get(key)
        if entry is not None and not damaged(manifest.run, entry):
            note = (
                f'Run {one.run}: complete, but "backup verify" found it '
                f'damaged. It comes from run {manifest.run}.'
            )
            return Choice(manifest.run, entry, (*one.notes, note))
    entry = dataclasses.replace(
        one.entry, state=results.State.FAILED, reason=NONE_GOOD
    )
    return dataclasses.replace(one, entry=entry)


def until(
    every: Sequence[manifests.Manifest],
    run: str,
    at: datetime.datetime | None,
) -> Sequence[manifests.Manifest]:
    """Return the manifests that are not newer than a run or a time.

    :param every: the newest first.
    :raises UsageError: if there is no such run, or none that old.
    """
    if run:
        _of_run(every, run)
        every = [one for one in every if one.run <= run]
    if at is None:
        return every
    found = [one for one in every if _ended_by(one, at)]
    if every and not found:
        raise errors.UsageError(
            f'No backup had ended by {at.isoformat(timespec="seconds")}. The '
            f'oldest is of run {every[-1].run}.'
        )
    return found


def _ended_by(manifest: manifests.Manifest, at: datetime.datetime) -> bool:
    ended = stamps.read(manifest.finished_at)
    return ended is not None and ended <= at


def _of_run(
    every: Sequence[manifests.Manifest], run: str
) -> manifests.Manifest:
    for one in every:
        if one.run == run:
            return one
    more = len(every) - _SHOWN
    shown = ', '.join(one.run for one in every[:_SHOWN])
    raise errors.UsageError(
        f'There is no finished backup set of run "{run}". There are: {shown}'
        f'{f" and {more} older ones" if more > 0 else ""}.'
    )


def _choices(
    chosen: Iterable[backed_up.Key],
    every: Sequence[manifests.Manifest],
    based: manifests.Manifest | None,
) -> Iterator[Choice]:
    """Yield the choice for each resource, before damage is considered.

    :param based: the manifest to prefer, None for the newest complete backup
        of any run.
    """
    past = backed_up.history(every)
    there = _entries(based.items if based else ())
    for one in chosen:
        found = past[one]
        newest = Choice(found.run, found.entry)
        if based is None:
            yield newest
        elif (entry := there.get(one)) and backed_up.is_complete(entry):
            yield Choice(based.run, entry)
        else:
            yield dataclasses.replace(
                newest, notes=(_why(entry, based.run, newest),)
            )


def _entries(
    items: Iterable[manifests.Entry],
) -> dict[backed_up.Key, manifests.Entry]:
    """Return entries by resource, the first one if there are several."""
    found: dict[backed_up.Key, manifests.Entry] = {}
    for entry in items:
        found.setdefault(backed_up.key(entry.resource), entry)
    return found


def _why(entry: manifests.Entry | None, run: str, newest: Choice) -> str:
    """Return why the backup is not of the run that was asked for."""
    if entry is None:
        what = f'Run {run} did not include it'
    else:
        reason = f', {entry.reason.rstrip(".")}' if entry.reason else ''
        what = f'Run {run}: {entry.state}{reason}'
    if newest.complete:
        return f'{what}. Its newest complete backup is of run {newest.run}.'
    return f'{what}. There is no complete backup of it.'


def _with_notes(choices: Iterable[Choice]) -> Iterator[Choice]:
    """Yield the choices, with notes on the volumes of servers.

    A note names a volume without a chosen backup, or from another run.
    """
    every = tuple(choices)
    volumes = {
        one.entry.resource.id: one
        for one in every
        if one.entry.resource.kind is resources.Kind.VOLUME and one.complete
    }
    for one in every:
        notes = (*one.notes, *_of_volumes(one, volumes))
        yield dataclasses.replace(one, notes=notes)


def _of_volumes(
    server: Choice, volumes: Mapping[str, Choice]
) -> Iterator[str]:
    if server.entry.server is None:
        return
    for volume_id in server.entry.server.volume_ids:
        volume = volumes.get(volume_id)
        if volume is None:
            yield f'Its volume {volume_id} is not among the chosen backups.'
        elif volume.run != server.run:
            yield (
                f'Its {volume.entry.resource.label} comes from run '
                f'{volume.run}: the two were not captured together.'
            )
