# SPDX-License-Identifier: Apache-2.0
"""What a run remembers: its plan, each step, each outcome, its end.

One folder per run, 0700, under ``$XDG_STATE_HOME/openstack-backup``::

    <run>/run.json                     the plan and the settings
    <run>/items/<n>.json               an item that was planned anew meanwhile
    <run>/outcomes/<n>.json            how an item ended
    <run>/flows/<n>-<procedure>.json   how far an item's steps are
    <run>/stopped/<server>             a server to be started again
    <run>/ended.json                   the run has come to its end
    <run>/lock                         held while a process works on the run
"""

from collections.abc import Iterator, Mapping
import contextlib
import dataclasses
import datetime
import enum
import errno
import fcntl
import os
import pathlib
import re
import shutil
from typing import TypeVar

from backupclient import documents
from backupclient import errors
from backupclient.model import ids
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.model import tags
from backupclient.transfer import place

VERSION = 1
_FOLDERS = ('items', 'outcomes', 'flows', 'stopped')
_NUMBER = re.compile('0|[1-9][0-9]{0,8}')
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

    def __post_init__(self) -> None:
        if self.parallel < 1 or self.timeout <= 0:
            raise ValueError('"parallel" and "timeout" must be above 0')
        try:
            datetime.datetime.fromisoformat(self.started_at).astimezone()
        except (ValueError, OverflowError):
            raise ValueError(f'{self.started_at[:80]!r} is no time') from None


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """That a run has come to its end."""

    state: outcome_.State
    finished_at: str
    version: int = VERSION


def home() -> pathlib.Path:
    """The folder of all journals, by the XDG base directory rules."""
    state = os.environ.get('XDG_STATE_HOME', '')
    if not os.path.isabs(state):
        state = '~/.local/state'
    return pathlib.Path(state).expanduser() / 'openstack-backup'


class Journal:
    """The journal of one run."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, run: Run) -> 'Journal':
        """Begin a journal, before anything else happens.

        :raises TargetError: it cannot be kept; nothing is left of it.
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
                (journal.folder / 'lock').touch(mode=0o600)
                documents.write(journal.folder / 'run.json', run)
                documents.flush_folder(home())
                undo.pop_all()
        except (OSError, errors.TargetError) as exc:
            raise _no_journal(f'{errors.root(exc)}.') from exc
        return journal

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from the run.

        :raises Busy: another one works on it.
        :raises TargetError: that cannot be told.
        """
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(
                    open(self.folder / 'lock', 'wb', opener=_no_link)
                )
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.Busy(
                    f'Run {self.folder.name} is still going on in another '
                    'process.'
                ) from None
            except OSError as exc:
                raise errors.TargetError(
                    f'The journal {self.folder} cannot be written: '
                    f'{exc.strerror}. Put that right, and try again.'
                ) from exc
            yield

    def run(self) -> Run:
        """Read what the run was started with, newer items put in.

        :raises DocumentError: it is damaged; so does all that reads here.
        """
        with self._reading():
            for name in ('', *_FOLDERS):
                _require_folder(self.folder / name)
            run = documents.read(
                self.folder / 'run.json', Run, 'journal of a run'
            )
            newer = self._read_all('items', plan_.Item, 'journal of an item')
            self._require_fit(run, newer)
        items = tuple(
            newer.get(number, item)
            for number, item in enumerate(run.plan.items)
        )
        plan = dataclasses.replace(run.plan, items=items)
        return dataclasses.replace(run, plan=plan)

    def _require_fit(self, run: Run, newer: Mapping[int, plan_.Item]) -> None:
        """Refuse what this program did not put together."""
        if run.run != self.folder.name:
            raise errors.DocumentError('It is the journal of another run.')
        numbers = {*self._files('items'), *self._files('outcomes')}
        if max(numbers, default=-1) >= len(run.plan.items):
            raise errors.DocumentError('It has more items than its plan.')
        for number, item in newer.items():
            if item.resource != run.plan.items[number].resource:
                raise errors.DocumentError(f'Item {number} is another one.')

    def replace(self, number: int, item: plan_.Item) -> None:
        """Note that an item is done in another way than was planned.

        :raises JournalError: it cannot be written; so does all that notes
            something here.
        """
        with self._writing():
            documents.write(self._file('items', number), item)

    def flow(self, number: int, item: plan_.Item) -> pathlib.Path:
        """The file for the records of an item's steps."""
        return self.folder / 'flows' / f'{number}-{item.procedure}.json'

    def record(self, number: int, outcome: outcome_.Outcome) -> None:
        """Note how an item ended."""
        with self._writing():
            documents.write(self._file('outcomes', number), outcome)

    def outcomes(self) -> dict[int, outcome_.Outcome]:
        """The outcomes so far, by the items' numbers."""
        with self._reading():
            return self._read_all(
                'outcomes', outcome_.Outcome, 'journal of an outcome'
            )

    def note_stopped(self, server_id: str) -> None:
        """Note that a server is about to be stopped."""
        with self._writing():
            (self.folder / 'stopped' / server_id).touch(mode=0o600)
            documents.flush_folder(self.folder / 'stopped')

    def forget_stopped(self, server_id: str) -> None:
        """Note that a server runs again."""
        with self._writing():
            (self.folder / 'stopped' / server_id).unlink(missing_ok=True)

    def stopped(self) -> frozenset[str]:
        """The servers that have to be started again."""
        with self._reading():
            names = os.listdir(self.folder / 'stopped')
        return frozenset(filter(ids.is_id, names))

    def end(self, ended: Ended) -> None:
        """Note that nothing is left to do."""
        with self._writing():
            documents.write(self.folder / 'ended.json', ended)

    @property
    def has_ended(self) -> bool:
        """True when nothing is left to do."""
        return (self.folder / 'ended.json').exists()

    def _file(self, kind: str, number: int) -> pathlib.Path:
        return self.folder / kind / f'{number}.json'

    def _read_all(self, kind: str, type_: type[T], what: str) -> dict[int, T]:
        return {
            number: documents.read(file, type_, what)
            for number, file in self._files(kind).items()
        }

    def _files(self, kind: str) -> dict[int, pathlib.Path]:
        """Find the files of a kind, by the items' numbers."""
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


def _no_journal(why: str) -> errors.TargetError:
    return errors.TargetError(
        f'No journal can be kept in {home()}: {why} Set XDG_STATE_HOME to a '
        'folder that can be written to.'
    )


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _require_folder(path: pathlib.Path) -> None:
    if path.is_symlink() or not path.is_dir():
        raise OSError(errno.ENOTDIR, f'{path} is not a folder', str(path))


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
    except errors.Busy:
        return Fate.ALIVE
    except (OSError, errors.TargetError):
        return Fate.UNKNOWN
