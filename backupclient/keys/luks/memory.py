# SPDX-License-Identifier: Apache-2.0
"""How much memory is free for us: of the machine and of our control groups."""

from collections.abc import Iterator
import pathlib


def available(root: pathlib.Path = pathlib.Path('/')) -> int | None:
    """Tell how much memory this process may still take.

    The page cache counts as free: the kernel gives it up when asked.

    :param root: where ``proc`` and ``sys`` are.
    :returns: bytes, None where the system does not tell.
    """
    return min((*_of_machine(root), *_of_groups(root)), default=None)


def _of_machine(root: pathlib.Path) -> Iterator[int]:
    kib = _numbers(root / 'proc/meminfo').get('MemAvailable:')
    if kib is not None:
        yield kib * 1024


def _of_groups(root: pathlib.Path) -> Iterator[int]:
    """Give what is free in each control group that holds this process.

    The inner ones are not there when a container has its own view.
    """
    for line in _lines(root / 'proc/self/cgroup'):
        _, controllers, path = line.split(':', 2)
        if not controllers:
            top, limit, usage = 'cgroup', 'memory.max', 'memory.current'
        elif 'memory' in controllers.split(','):
            top, limit = 'cgroup/memory', 'memory.limit_in_bytes'
            usage = 'memory.usage_in_bytes'
        else:
            continue
        group = pathlib.PurePosixPath(path.lstrip('/'))
        for folder in (group, *group.parents):
            yield from _of_group(root / 'sys/fs' / top / folder, limit, usage)


def _of_group(folder: pathlib.Path, limit: str, usage: str) -> Iterator[int]:
    most, used = _number(folder / limit), _number(folder / usage)
    if most is not None and used is not None:
        cache = _numbers(folder / 'memory.stat')
        yield (
            most
            - used
            + cache.get('active_file', 0)
            + cache.get('inactive_file', 0)
        )


def _number(path: pathlib.Path) -> int | None:
    """Give the number in a file, None for ``max`` or when there is none."""
    text = ''.join(_lines(path))
    return int(text) if text.isdecimal() else None


def _numbers(path: pathlib.Path) -> dict[str, int]:
    """Give a file with a name and a number on each line."""
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
