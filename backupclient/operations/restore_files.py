# SPDX-License-Identifier: Apache-2.0
"""Restore backups as files: ``openstack backup restore --to-files``.

This needs no cloud and no login. :func:`restore` reads a target, chooses the
backups and calls :func:`bring`, which writes their files. The files have the
same paths as in a backup set, such as ``volumes/<id>.raw``.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
import dataclasses
import pathlib
import time

from backupclient import clocks
from backupclient import errors
from backupclient import stops
from backupclient.engine import faults
from backupclient.engine import interruption
from backupclient.keys import identity
from backupclient.keys import material
from backupclient.model import addresses
from backupclient.model import events
from backupclient.model import layout
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import stamps
from backupclient.operations import file_work
from backupclient.operations import readable
from backupclient.planner import backups
from backupclient.sets import libraries
from backupclient.sets import restorable
from backupclient.store import base
from backupclient.store import localfolder
from backupclient.store import place
from backupclient.store import targets

_INCOMPLETE = 3
_NOTHING_DONE = 1
_ASKED = (
    'Stopping: unfinished files are taken away first. Press Ctrl-C again to '
    'quit at once.'
)
_LEFT = 'Quit at once. Unfinished files end with ".part": delete them.'


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The results of a restore to files.

    :param outcomes: one for each resource; ``restored`` is the path of its
        file, ``size`` the size of that file.
    :param place: the folder of the files.
    :param seconds: the duration.
    """

    outcomes: tuple[results.Outcome, ...]
    place: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """The exit code: 0 all restored, 3 some, 1 none."""
        states = {outcome.state for outcome in self.outcomes}
        if states <= {results.State.COMPLETE}:
            return 0
        if results.State.COMPLETE in states:
            return _INCOMPLETE
        return _NOTHING_DONE


def restore(
    request: restores.Request,
    folder: pathlib.Path,
    keys: identity.Identities | None = None,
    reporter: events.Reporter | None = None,
    parallel: int = 4,
) -> Report:
    """Choose backups in a target, and restore them as files.

    This handles Ctrl-C: call it from the main thread.

    :param request: its target, selection, run, time and ``decrypt`` are used.
    :param folder: the folder for the files. It is created if its parent
        exists.
    :param keys: the private keys for encrypted keys and secrets.
    :param parallel: the number of resources that are restored at a time.
    :raises UsageError: if a name fits no resource or several, there is no
        such run, or the folder is among the backups.
    :raises TargetError: if the target cannot be read, or the folder cannot be
        written to.
    :raises Interrupted: after Ctrl-C; complete files stay.
    """
    begun = time.monotonic()
    reporter = reporter or events.Silent()
    clock = clocks.SystemClock()
    with interruption.orderly(clock, reporter, _ASKED, lambda: _LEFT):
        readable.require_target(request.source)
        _require_possible(folder)
        _require_apart(folder, request.source)
        library = libraries.Library(targets.find(request.source))
        chosen = _choose(library, request, reporter)
        readable.require_any(chosen)
        runs = {one.run for one in chosen}
        for text in readable.changed(library, runs):
            reporter.warn(f'Caution: {text}')
        with readable.claimed(library.store, runs, 'restore'):
            outcomes = bring(
                _files(library, chosen),
                chosen,
                folder,
                decrypt=request.decrypt,
                identities=keys or identity.Identities(),
                reporter=reporter,
                parallel=parallel,
                stop=clock.stop,
            )
    return Report(outcomes, str(folder), time.monotonic() - begun)


def _require_possible(folder: pathlib.Path) -> None:
    """Raise TargetError if the folder can be neither written to nor made."""
    if why := place.obstacle(folder):
        raise errors.TargetError(f'No files can be written to {folder}: {why}')


def _require_apart(folder: pathlib.Path, target: str) -> None:
    """Raise UsageError if files would be written among backups.

    What does not belong to a set keeps it from being deleted, and what was
    decrypted must not lie beside it.
    """
    resolved = folder.resolve()
    address = addresses.parse(target)
    of_target = address.is_of_this_machine and resolved.is_relative_to(
        pathlib.Path(address.place).resolve()
    )
    if of_target or (resolved / layout.MANIFEST).exists():
        raise errors.UsageError(
            f'{folder} has backups. Choose a directory outside of them.'
        )


def bring(
    store_files_by_run: Mapping[str, base.Files],
    chosen: Iterable[backups.Choice],
    folder: pathlib.Path,
    *,
    decrypt: bool,
    identities: identity.Identities,
    reporter: events.Reporter,
    parallel: int,
    stop: stops.Stop,
) -> tuple[results.Outcome, ...]:
    """Write the files of chosen backups. Existing files are never replaced.

    If the files of a resource cannot be read or decrypted, or are damaged, no
    file is left for it, and the other resources are still restored.

    :param store_files_by_run: the files of each set, by its run.
    :param folder: the folder for the files. It is created if its parent
        exists.
    :param decrypt: decrypt disks and secrets.
    :returns: an outcome for each choice, in the same order.
    :raises TargetError: if the folder cannot be written to.
    :raises Interrupted: after a request to stop; complete files stay.
    """
    material.forbid_core_dumps()
    choices = tuple(chosen)
    target = localfolder.Folder(folder)
    work = file_work.Work(
        store_files_by_run, target, identities, reporter, stop, decrypt=decrypt
    )
    made = _make_folders(target, choices)
    try:
        return _side_by_side(work, choices, parallel)
    finally:
        for name in made:
            target.drop(name)


def _side_by_side(
    work: file_work.Work, choices: Sequence[backups.Choice], parallel: int
) -> tuple[results.Outcome, ...]:
    with futures.ThreadPoolExecutor(parallel, 'to-files') as pool:
        jobs = [pool.submit(_outcome, work, choice) for choice in choices]
        try:
            return tuple(job.result() for job in jobs)
        except BaseException:
            # Also on KeyboardInterrupt, if the caller does not handle Ctrl-C.
            work.stop.ask()
            pool.shutdown(cancel_futures=True)
            raise


def _outcome(work: file_work.Work, choice: backups.Choice) -> results.Outcome:
    """Restore one resource; return errors as an outcome, except a stop."""
    work.stop.check()
    begun, resource = time.monotonic(), choice.entry.resource
    try:
        result = file_work.bring(work, choice)
    except errors.Interrupted:
        raise
    except Exception as exc:
        text = faults.said(exc, choice.run, resource.label)
        result = file_work.Result(results.State.FAILED, reason=text)
    outcome = results.Outcome(
        resource,
        choice.entry.procedure,
        result.state,
        result.reason,
        seconds=time.monotonic() - begun,
        size=result.size,
        captured_at=choice.entry.captured_at,
        notes=(*choice.notes, *result.notes),
        restored=result.path,
    )
    work.reporter.ended(outcome)
    return outcome


def _make_folders(
    target: base.Store, choices: Iterable[backups.Choice]
) -> list[str]:
    """Create the folders that the files need.

    :returns: the names of the folders that did not exist before.
    """
    target.require_writable()
    needed = {
        path.partition('/')[0]
        for choice in choices
        for path in file_work.paths(choice.entry)
    }
    made = [name for name in sorted(needed) if not target.has(name)]
    for name in made:
        target.begin(name)
    return made


def _choose(
    library: libraries.Library,
    request: restores.Request,
    reporter: events.Reporter,
) -> tuple[backups.Choice, ...]:
    for found in library.finished:
        if problem := library.open(found).problem:
            reporter.warn(problem)
    known = tuple(library.all_manifests())
    if not known:
        # If there are sets, a warning says what is wrong with each.
        advice = '' if library.finished else f' {place.OF_BACKUPS}'
        raise errors.UsageError(
            f'There is no backup in {library.store.name} that could be '
            f'brought back.{advice}'
        )
    return backups.choose(
        backups.of_project(known, request.run),
        request.selection,
        run=request.run,
        at=stamps.read(request.at),
        damaged=library.found_damaged,
    )


def _files(
    library: libraries.Library, chosen: Iterable[backups.Choice]
) -> dict[str, base.Files]:
    """Return the files of the sets that the choices come from."""
    runs = {choice.run for choice in chosen}
    return {
        found.run: restorable.Restorable(library.store, found.folder)
        for found in library.finished
        if found.run in runs
    }
