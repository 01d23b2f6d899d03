# SPDX-License-Identifier: Apache-2.0
"""A run without a journal: a deletion, which is decided anew after a kill.

It has the locks of a journal, so that the other processes of this machine
know at once when its process is dead. Its lease in the cloud alone would
count as alive for some minutes more.
"""

from collections.abc import Iterator
import contextlib
import os
import shutil

from backupclient import errors
from backupclient.engine import life
from backupclient.model import tags

_ENDED = 'ended.json'
_RUN = 'run.json'


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
            (folder / _ENDED).touch(mode=0o600)
            stack.enter_context(life.held(folder))
        yield


def _sweep() -> None:
    """Take away what killed processes have left of such runs."""
    for name in os.listdir(life.home()):
        folder = life.home() / name
        if (
            tags.is_run_id(name)
            and life.fate(name) is life.Fate.ENDED
            and not os.path.lexists(folder / _RUN)
        ):
            shutil.rmtree(folder, ignore_errors=True)
