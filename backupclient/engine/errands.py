# SPDX-License-Identifier: Apache-2.0
"""A run without a journal: a deletion, which is never resumed.

After a kill, the user calls ``prune`` again. The run has the locks of a
journal, so that other processes of this machine know at once when its process
is dead. By its lease alone it would count as alive for 15 more minutes.
"""

from collections.abc import Callable, Iterator
import contextlib
import datetime
import os
import shutil

from backupclient import errors
from backupclient.engine import life
from backupclient.model import tags

_KEPT = datetime.timedelta(days=1)
"""Much longer than the lease of a dead run counts as alive."""


@contextlib.contextmanager
def alive(run: str, lease_is_left: Callable[[], bool]) -> Iterator[None]:
    """Show other processes of this machine that a run is alive.

    If the folder for the locks cannot be created, continue without it. The
    folder stays if the lease of the run does, to prove that it is dead.

    :param run: its ID.
    :param lease_is_left: returns in the end whether the lease is left.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, errors.TargetError):
            life.home().mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep()
            folder = life.home() / run
            folder.mkdir(mode=0o700)
            stack.callback(_forget, run, lease_is_left)
            life.make(folder)
            # A run that has ended cannot be resumed by mistake.
            (folder / life.ENDED).touch(mode=0o600)
            stack.enter_context(life.held(folder))
        yield


def _forget(run: str, lease_is_left: Callable[[], bool]) -> None:
    if not lease_is_left():
        shutil.rmtree(life.home() / run, ignore_errors=True)


def _sweep() -> None:
    """Delete the folders that earlier processes have left, after a day.

    Until then they prove that the leases of these runs are dead.
    """
    now = datetime.datetime.now(datetime.UTC)
    for name in os.listdir(life.home()):
        if (
            tags.is_run_id(name)
            and life.is_errand(life.home() / name)
            and life.fate(name) is life.Fate.ENDED
            and now - tags.started(name) > _KEPT
        ):
            shutil.rmtree(life.home() / name, ignore_errors=True)
