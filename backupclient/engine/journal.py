# SPDX-License-Identifier: Apache-2.0
"""What a run remembers: its plan, each step, each outcome, its end.

One folder per run, 0700, under ``$XDG_STATE_HOME/openstack-backup``::

    <run>/run.json             the plan and the settings
    <run>/items/<n>.json       an item that was planned anew meanwhile
    <run>/outcomes/<n>.json    how an item ended
    <run>/flows/<n>-<procedure>/   TaskFlow's records of the steps
    <run>/stopped/<server>         a server to be started again
    <run>/ended.json           there when the run has come to its end
    <run>/lock                 held while a process works on the run
"""

from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
import enum
import fcntl
import os
import pathlib
from typing import TypeVar

from backupclient import documents
from backupclient import errors
from backupclient.model import inventory as inventory_
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.model import tags

VERSION = 1
T = TypeVar('T', bound=documents.Document)


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What a run was started with.

    :param timeout: seconds for each wait.
    """

    run: str
    plan: plan_.Plan
    started_at: str
    parallel: int
    timeout: float
    version: int = VERSION


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """That a run has come to its end."""

    state: outcome_.State
    finished_at: str
    version: int = VERSION


def home() -> pathlib.Path:
    """The folder of all journals, by the XDG base directory rules."""
    state = os.environ.get('XDG_STATE_HOME') or '~/.local/state'
    return pathlib.Path(state).expanduser() / 'openstack-backup'


class Journal:
    """The journal of one run."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, run: Run) -> 'Journal':
        """Begin a journal, before anything else happens."""
        journal = cls(home() / run.run)
        try:
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ('', 'items', 'outcomes', 'flows', 'stopped'):
                (journal.folder / name).mkdir(mode=0o700)
            documents.write(journal.folder / 'run.json', run)
        except OSError as exc:
            raise errors.TargetError(
                f'No journal can be kept in {home()}: {exc.strerror}. Set '
                'XDG_STATE_HOME to a folder that can be written to.'
            ) from exc
        return journal

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from the run.

        :raises BackupError: another one works on it.
        """
        with open(self.folder / 'lock', 'w', encoding='utf-8') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.BackupError(
                    f'Run {self.folder.name} is still going on in another '
                    'process.'
                ) from None
            yield

    def run(self) -> Run:
        """Read what the run was started with, newer items put in."""
        run = documents.read(self.folder / 'run.json', Run, 'journal of a run')
        newer = self._read_all('items', plan_.Item, 'journal of an item')
        items = tuple(
            newer.get(number, item)
            for number, item in enumerate(run.plan.items)
        )
        plan = dataclasses.replace(run.plan, items=items)
        return dataclasses.replace(run, plan=plan)

    def replace(self, number: int, item: plan_.Item) -> None:
        """Note that an item is done in another way than was planned."""
        documents.write(self._file('items', number), item)

    def flow(self, number: int, item: plan_.Item) -> pathlib.Path:
        """The folder for the records of an item's steps."""
        folder = self._flow(number, item)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def has_begun(self, number: int, item: plan_.Item) -> bool:
        """Tell whether an item's steps have records."""
        return self._flow(number, item).exists()

    def _flow(self, number: int, item: plan_.Item) -> pathlib.Path:
        return self.folder / 'flows' / f'{number}-{item.procedure}'

    def record(self, number: int, outcome: outcome_.Outcome) -> None:
        """Note how an item ended."""
        documents.write(self._file('outcomes', number), outcome)

    def outcomes(self) -> dict[int, outcome_.Outcome]:
        """The outcomes so far, by the items' numbers."""
        return self._read_all(
            'outcomes', outcome_.Outcome, 'journal of an outcome'
        )

    def note_stopped(self, server_id: str) -> None:
        """Note that a server is about to be stopped."""
        (self.folder / 'stopped' / server_id).touch(mode=0o600)
        documents.flush_folder(self.folder / 'stopped')

    def forget_stopped(self, server_id: str) -> None:
        """Note that a server runs again."""
        (self.folder / 'stopped' / server_id).unlink(missing_ok=True)

    def stopped(self) -> frozenset[str]:
        """The servers that have to be started again."""
        return frozenset(
            file.name for file in (self.folder / 'stopped').iterdir()
        )

    def end(self, ended: Ended) -> None:
        """Note that nothing is left to do."""
        documents.write(self.folder / 'ended.json', ended)

    @property
    def has_ended(self) -> bool:
        """True when nothing is left to do."""
        return (self.folder / 'ended.json').exists()

    def _file(self, kind: str, number: int) -> pathlib.Path:
        return self.folder / kind / f'{number}.json'

    def _read_all(self, kind: str, type_: type[T], what: str) -> dict[int, T]:
        return {
            int(file.stem): documents.read(file, type_, what)
            for file in (self.folder / kind).glob('*.json')
        }


class Fate(enum.Enum):
    """What the journals of this machine know of a run."""

    ALIVE = 'a process works on it'
    RESUMABLE = 'it was killed or interrupted'
    ENDED = 'it has come to its end'
    UNKNOWN = 'it was started elsewhere'


def of(run: str) -> Journal:
    """Give the journal of a run, whether it is there or not."""
    return Journal(home() / run)


def fate(run: str) -> Fate:
    """Tell what became of a run, however damaged its journal is."""
    journal = of(run)
    if not tags.is_run_id(run) or not journal.folder.is_dir():
        return Fate.UNKNOWN
    try:
        with journal.locked():
            return Fate.ENDED if journal.has_ended else Fate.RESUMABLE
    except errors.BackupError:
        return Fate.ALIVE
    except OSError:
        return Fate.UNKNOWN


def find(run: str, identity: inventory_.CloudIdentity) -> Journal:
    """Find the journal of a run that can be resumed.

    :param run: a run's ID, or ``last``: the newest unfinished one of this
        project of this cloud.
    :raises UsageError: there is none.
    """
    if run == 'last':
        return _newest(identity)
    journal = of(run)
    if not tags.is_run_id(run) or not journal.folder.is_dir():
        known = ', '.join(path.name for path in _folders()[:5]) or 'none'
        raise errors.UsageError(
            f'There is no run "{run}" in {home()}; the newest are: {known}.'
        )
    if journal.has_ended:
        raise errors.UsageError(
            f'Run {run} has come to its end. Start a new one.'
        )
    if _key(journal.run().plan.identity) != _key(identity):
        raise errors.UsageError(
            f'Run {run} belongs to another project or cloud: '
            f'{journal.run().plan.identity.project_name} at '
            f'{journal.run().plan.identity.auth_url}.'
        )
    return journal


def _newest(identity: inventory_.CloudIdentity) -> Journal:
    for folder in _folders():
        journal = Journal(folder)
        if not journal.has_ended:
            with contextlib.suppress(errors.DocumentError):
                if _key(journal.run().plan.identity) == _key(identity):
                    return journal
    raise errors.UsageError(
        f'There is no unfinished run of project {identity.project_name} in '
        f'{home()}.'
    )


def _folders() -> Sequence[pathlib.Path]:
    """The folders of all runs, the newest first."""
    if not home().is_dir():
        return ()
    found = [path for path in home().iterdir() if tags.is_run_id(path.name)]
    return sorted(found, reverse=True)


def _key(identity: inventory_.CloudIdentity) -> tuple[str, str, str]:
    return (identity.auth_url, identity.region, identity.project_id)
