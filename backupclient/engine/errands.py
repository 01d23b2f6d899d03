# SPDX-License-Identifier: Apache-2.0
"""A run without a journal: a deletion, which is decided anew after a kill.

It has the locks of a journal, so that the other processes of this machine
know at once when its process is dead. Its lease in the cloud alone would
count as alive for some minutes more.
"""

from collections.abc import Iterator
import contextlib
import datetime
import os
import shutil

from backupclient import errors
from backupclient.engine import life
from backupclient.model import tags

_KEPT = datetime.timedelta(days=1)


@contextlib.contextmanager
def alive(run: str) -> Iterator[None]:
    """Let the other processes of this machine see that a run is alive.

    Where no folder can be made for it, the run goes on without.

    :param run: its ID.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, errors.TargetError):
            life.home().mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep()
            folder = life.home() / run
            folder.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, folder, True)
            life.make(folder)
            # Nobody resumes what has come to its end.
            (folder / life.ENDED).touch(mode=0o600)
            stack.enter_context(life.held(folder))
        yield


def _sweep() -> None:
    """Take away what killed processes have left of such runs.

    Not before a day: meanwhile it says that their leases are those of dead
    runs.
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
