# SPDX-License-Identifier: Apache-2.0
"""Which servers a run has stopped and not started again, by its journal."""

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
    """Give the IDs of servers that may be off because of a run.

    :param folder: of the journal, whose plan need not be readable.
    :raises OSError: it cannot be read.
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
        # Nobody knows: it is named rather than forgotten.
        return True
    if stopping is None or not stopping.done:
        return False
    made = stopping.done[-1].made
    ran = made == interim.Downtime(server_power.RUNS)
    return ran and not (starting and starting.done)
