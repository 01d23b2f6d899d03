# SPDX-License-Identifier: Apache-2.0
"""Choose the backups to verify: of runs, of resources, or the newest."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import manifests
from backupclient.model import requests
from backupclient.model import tags
from backupclient.model import verification
from backupclient.planner import backed_up
from backupclient.planner import backups
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.store import place

_SHOWN = 5
"""The most runs or resources that a message names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backup:
    """A backup to verify.

    :param notes: why this backup was chosen.
    """

    opened: catalogue.Opened
    entry: manifests.Entry
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Chosen:
    """The backups and sets to verify.

    :param rows: the results for sets without a usable manifest and resources
        without a complete backup.
    :param notices: sentences for the user.
    :param sets: sets to check as a whole, even if none of their backups was
        chosen. Otherwise files missing from a manifest would go unnoticed.
    """

    backups: tuple[Backup, ...]
    rows: tuple[verification.Row, ...] = ()
    notices: tuple[str, ...] = ()
    sets: tuple[catalogue.Opened, ...] = ()


def choose(
    library: libraries.Library,
    runs: Sequence[str],
    request: requests.Request,
) -> Chosen:
    """Choose the backups to verify.

    :param runs: the runs whose selected backups are verified. Without any,
        choose the newest complete backup of each selected resource; without
        a selection, all complete backups of the newest complete run, or else
        of the newest run in which something is complete.
    :raises UsageError: if there is no such run or resource, or no set.
    :raises DocumentError: if there are sets, but no usable one.
    """
    if runs:
        return _of_runs(library, tuple(dict.fromkeys(runs)), request)
    if request.selects:
        return _of_selection(library, request)
    return _of_newest(library, request)


def _of_runs(
    library: libraries.Library,
    runs: Iterable[str],
    request: requests.Request,
) -> Chosen:
    opened = [library.open(_finished(library, run)) for run in runs]
    chosen: list[Backup] = []
    notices: list[str] = []
    for one in opened:
        if one.manifest:
            chosen += _selected_in(one, one.manifest, request)
            notices += _missing_notice(one.manifest)
    broken = tuple(
        _unusable_row(one) for one in opened if one.manifest is None
    )
    usable = tuple(one for one in opened if one.manifest is not None)
    return Chosen(tuple(chosen), broken, tuple(notices), usable)


def _of_selection(
    library: libraries.Library, request: requests.Request
) -> Chosen:
    known = backups.of_project(library.all_manifests())
    _require_some(library, known)
    chosen: list[Backup] = []
    missing: list[verification.Row] = []
    for one in backups.choose(known, request):
        if one.complete:
            opened = library.open(_finished(library, one.run))
            chosen.append(Backup(opened, one.entry, one.notes))
        else:
            missing.append(_missing_row(one))
    broken = _all_broken(library)
    return Chosen(tuple(chosen), (*broken, *missing))


def _of_newest(
    library: libraries.Library, request: requests.Request
) -> Chosen:
    broken: list[verification.Row] = []
    useful: list[catalogue.Opened] = []
    for found in library.finished:
        opened = library.open(found)
        if opened.manifest is None:
            broken.append(_unusable_row(opened))
        elif opened.manifest.state is manifests.State.COMPLETE:
            useful = [opened]
            break
        elif opened.manifest.is_of_use:
            useful.append(opened)
    if not useful and not broken:
        _require_some(library, ())
    notices: list[str] = []
    chosen: list[Backup] = []
    for one in useful[:1]:
        if one.manifest:
            chosen += _selected_in(one, one.manifest, request)
            notices += _missing_notice(one.manifest)
    return Chosen(
        tuple(chosen), tuple(broken), tuple(notices), tuple(useful[:1])
    )


def _selected_in(
    opened: catalogue.Opened,
    manifest: manifests.Manifest,
    request: requests.Request,
) -> Iterator[Backup]:
    """Yield the selected complete backups of one set."""
    past = backed_up.history([manifest])
    for one in backed_up.selected(past, request):
        entry = past[one].entry
        if backed_up.is_complete(entry):
            yield Backup(opened, entry)


def _missing_notice(manifest: manifests.Manifest) -> Iterator[str]:
    """Yield a sentence if a run lacks a backup of some resources."""
    without = [
        f'{one.resource.label} ({one.state})'
        for one in manifest.items
        if not backed_up.is_complete(one)
    ]
    if without:
        more = len(without) - _SHOWN
        yield (
            f'Run {manifest.run} has no backup of '
            f'{", ".join(without[:_SHOWN])}'
            f'{f" and {more} more" if more > 0 else ""}.'
        )


def _finished(library: libraries.Library, run: str) -> catalogue.Found:
    """Return the finished set of a run.

    :raises UsageError: if the run has no finished set.
    """
    found = library.find(run) if tags.is_run_id(run) else None
    if found is None:
        known = ', '.join(one.run for one in library.finished[:_SHOWN])
        raise errors.UsageError(
            f'{library.store.name} has no backup set of run "{run}". '
            + (f'The newest are: {known}.' if known else _nothing(library))
        )
    if found.state is catalogue.State.FINISHED:
        return found
    place = f'{library.store.name}/{found.folder}'
    if found.state is catalogue.State.FAILED:
        raise errors.UsageError(
            f'Nothing in the set of run {run} is complete ({place}): there '
            'is no backup in it to verify.'
        )
    raise errors.UsageError(
        f'The set of run {run} is not finished ({place}). Go on with it: '
        f'openstack backup run --resume {run}'
    )


def _require_some(
    library: libraries.Library, known: Sequence[manifests.Manifest]
) -> None:
    """Raise an error if no set can be used.

    :raises DocumentError: if there are sets, but no usable one.
    :raises UsageError: if there is no finished set.
    """
    if known:
        return
    for found in library.finished:
        if problem := library.open(found).problem:
            raise errors.DocumentError(problem)
    raise errors.UsageError(
        f'There is no finished backup in {_named(library)}. '
        f'{_nothing(library)}'
    )


def _named(library: libraries.Library) -> str:
    name = library.store.name
    return f'the {name}' if library.store.manifests_only else name


def _nothing(library: libraries.Library) -> str:
    """Return a likely reason why there is no backup."""
    if library.store.manifests_only:
        return (
            'Where backups went to files, name the target that "backup run '
            '--to" wrote to with --from.'
        )
    last = library.store.name.rstrip('/').rpartition('/')[2]
    if tags.is_run_id(last.removesuffix('.partial')):
        return (
            'It looks like a set itself: name the folder that it is in with '
            f'--from, and {last} as the run.'
        )
    if library.runs:
        return (
            f'The newest is that of run {library.runs[0].run}, which is '
            + (f'{library.runs[0].state}.')
        )
    return place.OF_BACKUPS


def _all_broken(library: libraries.Library) -> list[verification.Row]:
    opened = [library.open(found) for found in library.finished]
    return [_unusable_row(one) for one in opened if one.manifest is None]


def _unusable_row(opened: catalogue.Opened) -> verification.Row:
    """Return the row of a set whose manifest cannot be used.

    A set of a newer release is not damaged: that release can verify it.
    """
    return verification.Row(
        run=opened.found.run,
        kind=verification.SET,
        name='',
        id=opened.found.run,
        depth=verification.Depth.FILES,
        result=(
            verification.Result.UNPROVED
            if opened.newer
            else verification.Result.DAMAGED
        ),
        notes=(opened.problem,),
        provable=opened.newer,
    )


def _missing_row(choice: backups.Choice) -> verification.Row:
    """Return the row of a resource without a complete backup."""
    resource = choice.entry.resource
    return verification.Row(
        run=choice.run,
        kind=resource.kind.value,
        name=resource.name,
        id=resource.id,
        depth=verification.Depth.FILES,
        result=verification.Result.MISSING,
        notes=choice.notes
        or (f'It has no complete backup: {choice.entry.reason}',),
    )
