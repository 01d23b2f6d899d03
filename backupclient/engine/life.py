# SPDX-License-Identifier: Apache-2.0
"""Whether a process of this machine works on a run.

A process that works on a run holds two locks of its journal. The first one,
``lock``, keeps other processes from working on the run. The second one,
``alive``, tells other processes that this one lives: they try to share it for
a moment. Only the holder of ``lock`` takes ``alive`` for itself, and it waits
for that moment. So a question never keeps a process from resuming a run.
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
"""Seconds to wait for processes that ask; each of them takes a moment."""


class Fate(enum.Enum):
    """What the journals of this machine know of a run."""

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
    """Make the lock files of a new journal.

    :raises OSError: they cannot be made.
    """
    for name in ('lock', 'alive'):
        (folder / name).touch(mode=0o600)


@contextlib.contextmanager
def held(folder: pathlib.Path) -> Iterator[None]:
    """Keep other processes from the run of a journal.

    :raises Busy: another one works on it.
    :raises TargetError: that cannot be told.
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
    """Tell whether a folder is that of a run without a journal.

    See :mod:`backupclient.engine.errands`.
    """
    return os.path.lexists(folder / ENDED) and not os.path.lexists(
        folder / 'run.json'
    )


def fate(run: str) -> Fate:
    """Tell what became of a run, however damaged its journal is."""
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
    # The first release had one lock. Sharing it can disturb a resume.
    names = ('lock', 'alive')
    last = names[os.path.lexists(folder / 'alive')]
    for name in names:
        with open(folder / name, 'rb', opener=_no_link) as file:
            if name == last:
                return not _shares(file.fileno())
    return False


def _shares(number: int) -> bool:
    """Tell whether no process has a lock for itself."""
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(number: int) -> None:
    """Take a lock that other processes share for moments.

    :raises BlockingIOError: another process keeps it.
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
