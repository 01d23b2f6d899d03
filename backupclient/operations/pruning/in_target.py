# SPDX-License-Identifier: Apache-2.0
"""Prune the backup sets in a target."""

from collections.abc import Iterable, Iterator
import dataclasses

from backupclient import clocks
from backupclient import errors
from backupclient.engine import faults
from backupclient.engine import journals
from backupclient.model import events
from backupclient.model import prunings
from backupclient.model import verification
from backupclient.operations import readable
from backupclient.operations.pruning import places
from backupclient.planner import failed_sets
from backupclient.planner import prunable
from backupclient.planner import pruning
from backupclient.sets import catalogue
from backupclient.sets import check
from backupclient.sets import claims
from backupclient.sets import deletion
from backupclient.sets import libraries
from backupclient.sets import set_files
from backupclient.sets import verified
from backupclient.store import base
from backupclient.store import targets


class Target:
    """The backup sets in a target, as a place to prune.

    :param target: a target, as in a request, such as an absolute path.
    :raises UsageError: if the target is the folder of a single set.
    """

    def __init__(self, target: str, settings: places.Settings) -> None:
        readable.require_target(target)
        self._target = target
        self._settings = settings
        self.clock = clocks.SystemClock()
        self._store = targets.find(target)
        self._library: libraries.Library | None = None

    def decide(self) -> places.Decision:
        """Read the manifests and apply the rules.

        :raises TargetError: if the list would be incomplete.
        :raises UsageError: if the selection or the project is ambiguous.
        """
        library = libraries.Library(self._store)
        self._library = library
        sets = [_set(library, found) for found in library.finished]
        wanted = prunable.wanted(
            [one.manifest for one in sets if one.manifest],
            self._settings.request,
            self._settings.login,
            self._store.name,
        )
        rows = pruning.of_store(
            sets,
            self._store.name,
            self._settings.rules,
            wanted,
            places.utc_now(),
        )
        rows = pruning.merged(
            rows, tuple(self._failed(library, sets, rows, wanted))
        )
        for run in dict.fromkeys(row.run for row in rows if row.goes):
            for action, why in self._obstacles(library, run):
                rows = places.ended(rows, run, action, why)
        return places.Decision(
            rows,
            self._store.name,
            places.projects_of(library),
            places.digests_of(library),
            left=tuple(one.folder for one in deletion.begun(self._store)),
        )

    def would_free(self, decision: places.Decision) -> str:
        """Return how much space the deletion will free, in a sentence.

        Sets in a restic repository share data, so only restic knows.
        """
        runs = dict.fromkeys(row.run for row in decision.going)
        if not runs:
            return ''
        assert self._library is not None  # noqa: S101
        found = (self._library.find(run) for run in runs)
        folders = [one.folder for one in found if one is not None]
        try:
            freed = self._store.would_free(folders)
        except errors.TargetError as exc:
            return f'How much room this frees is not known: {exc}'
        return f'This frees {freed} in {self._store.name}.' if freed else ''

    def delete(
        self,
        decision: places.Decision,
        reporter: events.Reporter,
    ) -> places.Decision:
        """Delete sets, the oldest first.

        Before that, finish deletions that were interrupted.
        """
        notices = tuple(finish(self._store, self.clock, reporter))
        rows = decision.rows
        for run in sorted({row.run for row in decision.going}):
            if self.clock.stop.asked:
                break
            try:
                with self.clock.stop.shielded():
                    reason = self._delete(run, reporter)
            except Exception as exc:
                # A failure must not stop the other deletions.
                why = faults.said(exc, run, 'deleting its set')
                failed = prunings.Action.FAILED
                rows = places.ended(rows, run, failed, why)
            else:
                deleted = prunings.Action.DELETED
                rows = places.ended(rows, run, deleted, reason)
        notices += tuple(self._reclaim(rows))
        notices += tuple(
            places.forget_journals(decision.projects, rows, self._target)
        )
        return dataclasses.replace(
            decision,
            rows=rows,
            notices=(*decision.notices, *notices),
            left=(),
        )

    def _reclaim(self, rows: Iterable[prunings.Row]) -> Iterator[str]:
        """Free the space of all deleted sets at once; restic needs this.

        :returns: a sentence if it fails.
        """
        if all(row.action is not prunings.Action.DELETED for row in rows):
            return
        try:
            with self.clock.stop.shielded():
                self._store.reclaim()
        except errors.BackupError as exc:
            yield (
                'The backups are deleted, but their room is not free yet: '
                f'{exc}'
            )

    def _delete(self, run: str, reporter: events.Reporter) -> str:
        """Delete a set; return a reason if another command has done it."""
        assert self._library is not None  # noqa: S101
        found = self._library.find(run)
        assert found is not None  # noqa: S101
        reporter.say(f'delete {self._store.name}/{found.folder}')
        try:
            deletion.delete(self._store, self._library.open(found))
        except errors.TargetError:
            if deletion.is_there(self._store, found):
                raise
            return 'Another command has deleted it, or is about to.'
        return ''

    def _failed(
        self,
        library: libraries.Library,
        sets: Iterable[pruning.Set],
        rows: Iterable[prunings.Row],
        wanted: pruning.Wanted,
    ) -> Iterator[prunings.Row]:
        """Yield the rows of the sets in which nothing is complete."""
        whole = {one.run for one in sets if one.manifest is None or one.copies}
        failed = [
            _failed_set(library, found)
            for found in library.closed
            if found.run not in whole
        ]
        request = self._settings.request
        yield from failed_sets.rows(
            failed,
            self._store.name,
            pruning.newest_kept(sets, rows),
            wanted,
            everything=not request.exclude
            and (request.everything or not request.selects),
        )

    def _obstacles(
        self, library: libraries.Library, run: str
    ) -> Iterator[tuple[prunings.Action, str]]:
        """Yield the reason why a set cannot be deleted, with its action."""
        found = library.find(run)
        assert found is not None  # noqa: S101
        reader = claims.alive(self._store, found.folder, places.utc_now())
        if reader:
            yield prunings.Action.KEEP, reader
        elif why := deletion.obstacle(self._store, library.open(found)):
            yield prunings.Action.FAILED, why


def finish(
    store: base.Store, clock: clocks.SystemClock, reporter: events.Reporter
) -> Iterator[str]:
    """Finish the deletion of sets whose deletion was interrupted.

    :returns: a sentence for each set that cannot be deleted.
    :raises TargetError: if the list would be incomplete.
    """
    for one in deletion.begun(store):
        if clock.stop.asked:
            return
        reporter.say(f'delete what is left of {store.name}/{one.folder}')
        try:
            with clock.stop.shielded():
                deletion.finish(store, one)
        except errors.BackupError as exc:
            if store.list(one.folder):
                yield str(exc)


def _standings(
    library: libraries.Library, opened: catalogue.Opened
) -> dict[verified.Key, verification.Standing]:
    """Return each backup's standing; missing files count as damage.

    Backups whose files are missing or have a wrong size must not replace good
    ones, even if they were never verified.
    """
    found = dict(library.standings(opened.found))
    files = catalogue.files(library.store, opened.found)
    for entry in opened.manifest.items if opened.manifest else ():
        if any(
            set_files.absence(files, one) for one in set_files.of_entry(entry)
        ):
            key = (entry.resource.kind.value, entry.resource.id)
            found[key] = verification.Standing(damaged=True)
    return found


def _failed_set(
    library: libraries.Library, found: catalogue.Found
) -> failed_sets.Failed:
    opened = library.open(found)
    problem = _problem(library, opened)
    return failed_sets.Failed(
        found.run,
        None if problem else opened.manifest,
        problem,
        sum(each.size for each in library.store.list(found.folder)),
        _still_needed(library.store, found),
    )


def _still_needed(store: base.Shelf, found: catalogue.Found) -> str:
    """Return why a set's run may continue, ``''`` if it has ended."""
    fate = journals.fate(found.run)
    if fate is journals.Fate.ALIVE:
        return f'Run {found.run} is still going on in another process.'
    if fate is journals.Fate.RESUMABLE:
        return (
            f'Run {found.run} was interrupted: "openstack backup run --resume '
            f'{found.run}" goes on with it.'
        )
    written = catalogue.last_written(store, found)
    is_new = written is not None and (
        places.utc_now() - written < catalogue.GRACE
    )
    if fate is journals.Fate.UNKNOWN and is_new:
        return f'Run {found.run} was started elsewhere less than a day ago.'
    return ''


def _problem(library: libraries.Library, opened: catalogue.Opened) -> str:
    """Return why a manifest cannot be trusted, ``''`` if it can.

    A set with a changed manifest must not replace a good set.
    """
    if opened.manifest is None:
        return opened.problem
    if opened.doubts:
        return catalogue.doubtful(library.store, opened)
    if library.store.can.authenticating:
        return ''
    files = catalogue.files(library.store, opened.found)
    return check.altered(files, opened.digest)


def _set(library: libraries.Library, found: catalogue.Found) -> pruning.Set:
    opened = library.open(found)
    problem = _problem(library, opened)
    alive = journals.fate(found.run) is journals.Fate.ALIVE
    return pruning.Set(
        found.run,
        None if problem else opened.manifest,
        problem,
        {} if problem else _standings(library, opened),
        f'Run {found.run} is still going on in another process.'
        if alive
        else '',
    )
