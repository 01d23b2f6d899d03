# SPDX-License-Identifier: Apache-2.0
"""Whether a process of this machine works on a run.

A process that works on a run holds two exclusive locks of its journal.
``lock`` keeps other processes from working on the run. ``alive`` shows that
the process lives: another process tests it with a shared lock for a moment.
A test could disturb a resume, so the resuming process first takes ``lock``,
which is never tested, and then waits for ``alive`` as long as a test lasts.
"""

from collections.abc import Iterator
import contextlib
import enum
import fcntl
import os
import pathlib
import time

from backupclient import errors
from backupclient import pauses
from backupclient.model import tags

ENDED = 'ended.json'

_PATIENCE = 10.0
"""Seconds to wait for tests of ``alive``. Each takes only a moment."""


class Fate(enum.Enum):
    """The state of a run according to the journals of this machine."""

    ALIVE = 'a process works on it'
    RESUMABLE = 'it was killed or interrupted'
    ENDED = 'it has come to its end'
    UNKNOWN = 'it was started elsewhere'


def home() -> pathlib.Path:
    """Return the folder of all journals, by the XDG base directory rules."""
    state = os.environ.get('XDG_STATE_HOME', '')
    if not os.path.isabs(state):
        state = '~/.local/state'
    return pathlib.Path(state).expanduser() / 'openstack-backup'


def make(folder: pathlib.Path) -> None:
    """Create the lock files of a new journal.

    :raises OSError: if they cannot be created.
    """
    for name in ('lock', 'alive'):
        (folder / name).touch(mode=0o600)


@contextlib.contextmanager
def held(folder: pathlib.Path) -> Iterator[None]:
    """Hold the locks of a journal during the ``with`` block.

    :raises Busy: if another process works on the run.
    :raises TargetError: if the locks cannot be opened or taken.
    """
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(
                open(folder / 'lock', 'wb', opener=_own)
            )
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alive = stack.enter_context(
                open(folder / 'alive', 'wb', opener=_own)
            )
            _take(alive.fileno())
        except BlockingIOError:
            raise errors.Busy(
                f'Run {folder.name} is still going on in another process.'
            ) from None
        except OSError as exc:
            raise errors.TargetError(
                f'The journal {folder} cannot be written: {exc.strerror}. '
                'Put that right, and try again.'
            ) from exc
        yield


def is_errand(folder: pathlib.Path) -> bool:
    """Return whether a folder belongs to a run without a journal.

    See :mod:`backupclient.engine.errands`.
    """
    return os.path.lexists(folder / ENDED) and not os.path.lexists(
        folder / 'run.json'
    )


def fate(run: str) -> Fate:
    """Return the state of a run, even if its journal is damaged."""
    folder = home() / run
    if not tags.is_run_id(run) or not folder.is_dir():
        return Fate.UNKNOWN
    try:
        if _is_alive(folder):
            return Fate.ALIVE
        ended = (folder / 'ended.json').exists()
    except OSError:
        return Fate.UNKNOWN
    return Fate.ENDED if ended else Fate.RESUMABLE


def _is_alive(folder: pathlib.Path) -> bool:
    # Journals of the first release have only "lock", so it must be tested.
    names = ('lock', 'alive')
    last = names[os.path.lexists(folder / 'alive')]
    for name in names:
        with open(folder / name, 'rb', opener=_no_link) as file:
            if name == last:
                return not _shares(file.fileno())
    return False


def _shares(number: int) -> bool:
    """Return whether no process holds an exclusive lock."""
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(number: int) -> None:
    """Take an exclusive lock; wait while other processes test it.

    :raises BlockingIOError: if another process still holds it in the end.
    """
    for seconds in (*pauses.within(_PATIENCE), None):
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if seconds is None:
                raise
            time.sleep(seconds / 10)
        else:
            return


def _own(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)
