# SPDX-License-Identifier: Apache-2.0
"""The journal of a run as files.

One folder per run, 0700, under ``$XDG_STATE_HOME/openstack-backup``::

    <run>/run.json             the plan and the settings
    <run>/items/<n>.json       an item that uses its fallback
    <run>/outcomes/<n>.json    the outcome of an item
    <run>/flows/<flow>.json    the progress of a flow
    <run>/ended.json           the run has ended
    <run>/given-up             its set was deleted, so it cannot be resumed
    <run>/faults/<time>-<exception>-<random>.txt   a fault, for a report
    <run>/lock                 held while a process works on the run
    <run>/alive                also held; other processes test this one

The first release kept other files for the progress of a run, which
:mod:`backupclient.engine.first_release` reads.
"""

from collections.abc import Iterator, Mapping, Sequence
import contextlib
import errno
import os
import pathlib
import re
import shutil
from typing import TypeVar

from backupclient import documents
from backupclient import errors
from backupclient.engine import journal_base
from backupclient.engine import life
from backupclient.engine import saved_progress
from backupclient.engine import still_off
from backupclient.model import plans
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.store import localfile
from backupclient.store import place

Run = journal_base.Run
Ended = journal_base.Ended
Fate = life.Fate
home, fate = life.home, life.fate

_FOLDERS = ('items', 'outcomes', 'flows')
_NUMBER = re.compile('0|[1-9][0-9]{0,8}')
T = TypeVar('T', bound=documents.Document)


class Journal:
    """The journal of one run."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._run: Run | None = None
        self._replaced: dict[int, plans.Item] | None = None
        self._outcomes: dict[int, results.Outcome] | None = None
        self._progress: dict[str, journal_base.Progress | None] = {}

    @classmethod
    def create(cls, run: Run) -> 'Journal':
        """Create the journal of a new run. A run starts with this.

        :raises TargetError: if it cannot be created; nothing is left then.
        """
        journal = cls(home() / run.run)
        if why := place.obstacle(home(), makes_parents=True):
            raise _no_journal(why)
        try:
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            journal.folder.mkdir(mode=0o700)
            with contextlib.ExitStack() as undo:
                undo.callback(shutil.rmtree, journal.folder, True)
                for name in _FOLDERS:
                    (journal.folder / name).mkdir(mode=0o700)
                life.make(journal.folder)
                _write_run(journal.folder, run)
                localfile.flush_folder(home())
                undo.pop_all()
        except (OSError, errors.TargetError) as exc:
            raise _no_journal(f'{errors.root(exc)}.') from exc
        return journal

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Lock the run, so that no other process works on it.

        :raises Busy: if another process works on it.
        :raises TargetError: if the locks cannot be taken.
        """
        return life.held(self.folder)

    def run(self) -> Run:
        """Return the plan and the settings of the run.

        :raises DocumentError: if the journal is damaged; likewise below.
        """
        if self._run is None:
            with self._reading():
                for name in ('', *_FOLDERS):
                    _require_folder(self.folder / name)
                self._run = documents.read(
                    self.folder / 'run.json',
                    journal_base.SavedRun,
                    'journal of a run',
                ).opened()
                self._require_fit(self._run)
        return self._run

    def _require_fit(self, run: Run) -> None:
        """Raise DocumentError if the files do not belong to this run."""
        if run.run != self.folder.name:
            raise errors.DocumentError(
                f'The journal {self.folder} is that of run {run.run}.'
            )
        known = len(run.plan.items)
        for number in {*self._files('items'), *self._files('outcomes')}:
            if number >= known:
                raise errors.DocumentError(
                    f'The journal {self.folder} has an item {number}, but its '
                    f'plan has {known} items.'
                )

    def replaced(self) -> Mapping[int, plans.Item]:
        """Return the items that use their fallback, by number."""
        if self._replaced is None:
            items = self.run().plan.items
            with self._reading():
                kind = saved_plans.Item
                saved = self._read_all('items', kind, 'journal of an item')
                found = {n: saved_plans.item(s) for n, s in saved.items()}
                for number, item in found.items():
                    planned = items[number]
                    if item.resource != planned.resource or (
                        planned.fallback is None
                    ):
                        raise errors.DocumentError(
                            f'The journal {self.folder} does not belong to '
                            f'its plan: item {number} is '
                            f'{item.resource.label}, and the plan has '
                            f'{planned.resource.label} there.'
                        )
            self._replaced = found
        return self._replaced

    def outcomes(self) -> Mapping[int, results.Outcome]:
        """Return the outcomes so far, by the numbers of the items."""
        if self._outcomes is None:
            with self._reading():
                self._outcomes = self._read_all(
                    'outcomes', results.Outcome, 'journal of an outcome'
                )
        return self._outcomes

    def progress(self, flow: str) -> journal_base.Progress | None:
        """Return the progress of a flow, None if it has not begun.

        :raises DocumentError: if its record is damaged or of another flow.
        """
        if flow not in self._progress:
            self._progress[flow] = self._read_progress(flow)
        return self._progress[flow]

    def keep(self, progress: journal_base.Progress) -> None:
        """Record the progress of a flow, in memory in any case.

        :raises JournalError: if it cannot be written; likewise below.
        """
        self._progress[progress.flow] = progress
        saved = saved_progress.of(progress)
        with self._writing():
            documents.write(self._file(progress.flow), saved)

    def forget(self, flow: str) -> None:
        """Delete the progress of a flow: it has not begun."""
        self._progress[flow] = None
        with self._writing():
            self._file(flow).unlink(missing_ok=True)

    def replace(self, number: int, item: plans.Item) -> None:
        """Record that an item uses its fallback."""
        self._replaced = {**self.replaced(), number: item}
        with self._writing():
            documents.write(
                self.folder / 'items' / f'{number}.json',
                saved_plans.of_item(item),
            )

    def record(self, number: int, outcome: results.Outcome) -> None:
        """Record the outcome of an item."""
        with self._writing():
            documents.write(
                self.folder / 'outcomes' / f'{number}.json', outcome
            )
        self._outcomes = {**self.outcomes(), number: outcome}

    def end(self, ended: Ended) -> None:
        """Record that the run has ended."""
        with self._writing():
            documents.write(self.folder / 'ended.json', ended)

    @property
    def has_ended(self) -> bool:
        """True if the run has ended."""
        return (self.folder / 'ended.json').exists()

    def stopped(self) -> frozenset[str]:
        """Return the IDs of servers that the run may have left stopped.

        The rest of the journal may be damaged.
        """
        with self._reading():
            return still_off.servers(self, self.folder)

    def adopt(
        self, run: Run, records: Sequence[journal_base.Progress]
    ) -> None:
        """Store the converted contents of a journal of the first release.

        If they cannot be written, they stay in memory, and the next process
        converts the journal again.

        :raises JournalError: if they cannot be written.
        """
        self._run = run
        self._progress |= {record.flow: record for record in records}
        for record in records:
            self.keep(record)
        with self._writing():
            _write_run(self.folder, run)

    def _file(self, flow: str) -> pathlib.Path:
        """Return the file of a flow: ``volume.<ID>.capture.1.json``."""
        name = flow.replace('/', '.').replace('#', '.')
        return self.folder / 'flows' / f'{name}.json'

    def _read_progress(self, flow: str) -> journal_base.Progress | None:
        file = self._file(flow)
        if not os.path.lexists(file):
            return None
        kind = saved_progress.Progress
        found = documents.read(file, kind, 'record of a flow')
        return saved_progress.opened(found, flow)

    def _read_all(self, kind: str, type_: type[T], what: str) -> dict[int, T]:
        return {
            number: documents.read(file, type_, what)
            for number, file in self._files(kind).items()
        }

    def _files(self, kind: str) -> dict[int, pathlib.Path]:
        """Return the files in a folder, by the numbers of the items."""
        return {
            int(file.stem): file
            for file in (self.folder / kind).glob('*.json')
            if _NUMBER.fullmatch(file.stem)
        }

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, errors.TargetError) as exc:
            raise errors.JournalError(self.folder, exc) from exc

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, errors.DocumentError) as exc:
            name, said = self.folder.name, getattr(exc, 'strerror', None)
            raise errors.DocumentError(
                f'Run {name} cannot be resumed: {f"{said}." if said else exc} '
                'Start a new one; "openstack backup cleanup" takes away what '
                'this one has left.'
            ) from exc


def _write_run(folder: pathlib.Path, run: Run) -> None:
    documents.write(folder / 'run.json', journal_base.SavedRun.of(run))


def of(run: str) -> Journal:
    """Return the journal of a run, whether it exists or not."""
    return Journal(home() / run)


def _no_journal(why: str) -> errors.TargetError:
    return errors.TargetError(
        f'No journal can be kept in {home()}: {why} Set XDG_STATE_HOME to a '
        'folder that can be written to.'
    )


def _require_folder(path: pathlib.Path) -> None:
    if path.is_symlink() or not path.is_dir():
        raise OSError(errno.ENOTDIR, f'{path} is not a folder', str(path))
