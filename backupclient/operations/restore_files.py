# SPDX-License-Identifier: Apache-2.0
"""Bring backups back as files: ``openstack backup restore --to-files``.

No cloud and no login are needed. :func:`restore` reads a target and chooses
the backups, :func:`bring` writes the files of backups that were chosen. The
files have the paths of a backup set: ``volumes/<id>.raw``, and so on.
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
from backupclient.model import events
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import stamps
from backupclient.operations import file_work
from backupclient.operations import readable
from backupclient.planner import backups
from backupclient.sets import catalogue
from backupclient.sets import libraries
from backupclient.store import base
from backupclient.store import localfolder
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
    """What became of each resource.

    :param outcomes: ``restored`` has the path of the file, ``size`` is the
        size of the file.
    :param place: the folder of the files.
    """

    outcomes: tuple[results.Outcome, ...]
    place: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """The exit code, as every command promises it."""
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
    """Choose backups in a target, and bring them back as files.

    Ctrl-C ends it in order, so call it from the main thread.

    :param request: its target, selection, run and time, and whether disks,
        keys and secrets are decrypted.
    :param folder: for the files; it is made if only it is missing.
    :param keys: private keys, for what is encrypted to their public keys.
    :param parallel: how many resources at a time.
    :raises UsageError: if a name fits nothing or several resources, or there
        is no such run.
    :raises TargetError: if the target cannot be read, or the folder cannot be
        written to.
    :raises Interrupted: if a person asked to stop; whole files stay.
    """
    begun = time.monotonic()
    reporter = reporter or events.Silent()
    clock = clocks.SystemClock()
    with interruption.orderly(clock, reporter, _ASKED, lambda: _LEFT):
        readable.require_target(request.source)
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
    """Write the files of backups that were chosen.

    A resource whose files cannot be read, are damaged or cannot be decrypted
    has no file afterwards, and the others go on. Nothing that is there is
    replaced.

    :param store_files_by_run: the files of each set.
    :param folder: for the files; it is made if only it is missing.
    :param decrypt: write encrypted disks and secrets plain.
    :returns: an outcome for each choice, in their order.
    :raises TargetError: if the folder cannot be written to.
    :raises Interrupted: if the stop was asked for; whole files stay.
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
            # Also Ctrl-C of a caller that does not use the stop.
            work.stop.ask()
            pool.shutdown(cancel_futures=True)
            raise


def _outcome(work: file_work.Work, choice: backups.Choice) -> results.Outcome:
    """Bring one resource back; only a request to stop ends more than that."""
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
    """Make the folders that the files need.

    :returns: the new ones.
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
        raise errors.UsageError(
            f'There is no backup in {library.store.name} that could be '
            'brought back.'
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
        found.run: catalogue.files(library.store, found)
        for found in library.finished
        if found.run in runs
    }
