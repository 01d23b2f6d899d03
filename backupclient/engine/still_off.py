# SPDX-License-Identifier: Apache-2.0
"""Find the servers that a run has left stopped, by its journal."""

from collections.abc import Iterator
import pathlib

from backupclient import errors
from backupclient.engine import first_release
from backupclient.engine import journal_base
from backupclient.model import graphs
from backupclient.model import ids
from backupclient.procedures import interim
from backupclient.procedures.backup import server_power


def servers(
    journal: journal_base.Journal, folder: pathlib.Path
) -> frozenset[str]:
    """Return the IDs of servers that a run may have left stopped.

    The plan in the journal need not be readable.

    :param folder: the folder of the journal.
    :raises OSError: if the folder cannot be read.
    """
    names = [*first_release.stopped(folder), *_stopped(journal, folder)]
    return frozenset(filter(ids.is_id, names))


def _stopped(
    journal: journal_base.Journal, folder: pathlib.Path
) -> Iterator[str]:
    for file in (folder / 'flows').glob('downtime.*.stop.1.json'):
        server = file.name.split('.')[1]
        if _may_be_off(journal, server):
            yield server


def _may_be_off(journal: journal_base.Journal, server: str) -> bool:
    stop, start = (
        f'downtime/{server}/{part}#1'
        for part in (graphs.Part.STOP, graphs.Part.START)
    )
    try:
        stopping, starting = journal.progress(stop), journal.progress(start)
    except errors.DocumentError:
        # Unknown: better report a running server than miss a stopped one.
        return True
    if stopping is None or not stopping.done:
        return False
    made = stopping.done[-1].made
    ran = made == interim.Downtime(server_power.RUNS)
    return ran and not (starting and starting.done)
