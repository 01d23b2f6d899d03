# SPDX-License-Identifier: Apache-2.0
"""Show what runs."""

from __future__ import annotations

from collections.abc import Iterable
import pathlib

from devcloud import guests
from devcloud import processes
from devcloud.parts import PARTS

_LINE = '{:10} {:17} {:12} {:>6}'


def _memory(entries: Iterable[processes.Stat]) -> int:
    """Give the memory that these processes really take, in MiB."""
    total = 0
    for entry in entries:
        path = pathlib.Path(f'/proc/{entry.pid}/smaps_rollup')
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue  # it is gone by now
        total += sum(
            int(line.split()[1]) for line in lines if line.startswith('Pss:')
        )
    return total >> 10


def show() -> bool:
    """Print what runs; say whether all of it does."""
    print(_LINE.format('PART', 'PROCESS', 'PID', 'MIB'))
    whole = True
    total = 0
    for part in PARTS:
        for process in part.processes:
            found = processes.running(process.name)
            used = _memory(processes.family(process.name)) if found else 0
            whole = whole and (found is not None or part.optional)
            total += used
            print(
                _LINE.format(
                    part.name, process.name, found.pid if found else '-', used
                )
            )
    servers = guests.running()
    used = _memory(servers)
    print(_LINE.format('', 'servers', len(servers), used))
    print(_LINE.format('', 'all', '', total + used))
    return whole
