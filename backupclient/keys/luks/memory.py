# SPDX-License-Identifier: Apache-2.0
"""The memory that this process may still use.

Deriving a key can need gigabytes. Without so much memory it is refused, rather
than the process killed.
"""

from collections.abc import Iterator, Mapping
import pathlib


def available(root: pathlib.Path = pathlib.Path('/')) -> int | None:
    """Return how many bytes this process may still allocate.

    That is the least of what the machine has and what its control groups
    allow. The page cache counts as free: the kernel frees it on demand.

    :param root: the folder that contains ``proc`` and ``sys``; for tests.
    :returns: bytes, at least 0; None if the system does not tell.
    """
    free = min((*_on_machine(root), *_in_groups(root)), default=None)
    return None if free is None else max(0, free)


def _on_machine(root: pathlib.Path) -> Iterator[int]:
    kib = _numbers(root / 'proc/meminfo').get('MemAvailable:')
    if kib is not None:
        yield kib * 1024


def _in_groups(root: pathlib.Path) -> Iterator[int]:
    """Return the free memory of each control group of this process.

    Every group above a process limits it. In a container, ``proc`` may name
    groups that only the host sees: they are skipped, and the group that is
    mounted as the root is the container's own.
    """
    for line in _lines(root / 'proc/self/cgroup'):
        _, controllers, path = line.split(':', 2)
        if not controllers:
            mount, limit, usage = 'cgroup', 'memory.max', 'memory.current'
        elif 'memory' in controllers.split(','):
            mount, limit = 'cgroup/memory', 'memory.limit_in_bytes'
            usage = 'memory.usage_in_bytes'
        else:
            continue
        group = pathlib.PurePosixPath(path.lstrip('/'))
        for folder in (group, *group.parents):
            place = root / 'sys/fs' / mount / folder
            yield from _in_group(place, limit, usage)


def _in_group(folder: pathlib.Path, limit: str, usage: str) -> Iterator[int]:
    most, used = _number(folder / limit), _number(folder / usage)
    if most is not None and used is not None:
        cache = _numbers(folder / 'memory.stat')
        yield (
            most
            - used
            + _with_children(cache, 'active_file')
            + _with_children(cache, 'inactive_file')
        )


def _with_children(numbers: Mapping[str, int], name: str) -> int:
    """Return a number of a group and all groups below it.

    In version 1 of control groups the plain number leaves those out, while
    the usage has them; version 2 has no ``total_``.
    """
    return numbers.get(f'total_{name}', numbers.get(name, 0))


def _number(path: pathlib.Path) -> int | None:
    """Return the number in a file, None for ``max`` or without a file."""
    text = ''.join(_lines(path))
    return int(text) if text.isdecimal() else None


def _numbers(path: pathlib.Path) -> dict[str, int]:
    """Return the numbers of a file by their names, each pair on a line."""
    rows = (line.split() for line in _lines(path))
    return {
        row[0]: int(row[1])
        for row in rows
        if len(row) > 1 and row[1].isdecimal()
    }


def _lines(path: pathlib.Path) -> list[str]:
    try:
        return path.read_text(errors='replace').splitlines()
    except OSError:
        return []
