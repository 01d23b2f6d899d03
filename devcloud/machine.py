# SPDX-License-Identifier: Apache-2.0
"""Is this machine one that the cloud can run on?  Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable
import os
import pathlib
import platform
import shutil
import subprocess

from devcloud import parts
from devcloud import processes
from devcloud import settings
from devcloud.commands import Failed

# The distribution's own: its rados, rbd and libvirt modules are built for it.
PYTHON = '/usr/bin/python3'
_MEMORY_GIB = 5
_DISK_GIB = 8


def check_system() -> None:
    """Stop unless operating system, user and Python are the right ones."""
    _stop_for(list(_system_problems()))


def _stop_for(problems: list[str]) -> None:
    if problems:
        lines = [f'  - {text}' for text in problems]
        raise Failed('\n'.join(['cannot run here:', *lines]))


def _system_problems() -> Iterable[str]:
    if platform.system() != 'Linux':
        yield f'this is {platform.system()}, not Linux'
        return
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    kind, number = release.get('ID'), release.get('VERSION_ID')
    if (kind, number) != ('debian', '12') and kind != 'ubuntu':
        name = release.get('PRETTY_NAME', 'an unknown distribution')
        yield f'this is {name}, not Debian 12 or Ubuntu'
    if platform.machine() != 'x86_64':
        yield f'the processor is {platform.machine()}, not x86_64'
    if os.geteuid() != 0:
        yield 'you are not root'
    if not os.path.exists(PYTHON):
        yield f'there is no {PYTHON}: apt-get install python3'
    elif (version := _python_version()) < (3, 11):
        yield f'{PYTHON} is {version[0]}.{version[1]}, not 3.11 or later'


def _python_version() -> tuple[int, ...]:
    code = 'import sys; print(*sys.version_info[:2])'
    text = subprocess.check_output([PYTHON, '-c', code], text=True)
    return tuple(int(number) for number in text.split())


def check_room(installed: bool) -> None:
    """Stop unless there is memory, disk, and every port is free or ours."""
    ours = {
        entry.pid
        for part in parts.PARTS
        for process in part.processes
        for entry in processes.family(process.name)
    }
    problems = list(_foreign_ports(ours))
    if not ours:
        problems += _small(installed)
    _stop_for(problems)


def _small(installed: bool) -> Iterable[str]:
    text = pathlib.Path('/proc/meminfo').read_text()
    memory = next(
        int(line.split()[1]) >> 20
        for line in text.splitlines()
        if line.startswith('MemAvailable')
    )
    if memory < _MEMORY_GIB:
        yield f'{memory} GiB of memory are free, {_MEMORY_GIB} are needed'
    folder = settings.STATE
    while not folder.exists():
        folder = folder.parent
    disk = shutil.disk_usage(folder).free >> 30
    needed = _DISK_GIB // 2 if installed else _DISK_GIB
    if disk < needed:
        yield f'{disk} GiB are free in {folder}, {needed} are needed'


def _foreign_ports(ours: set[int]) -> Iterable[str]:
    listening = _listening()
    owners = _owners() if listening else {}
    for part in parts.PARTS:
        for process in part.processes:
            for port in process.ports:
                pids = {
                    owners.get(inode, 0) for inode in listening.get(port, ())
                }
                for pid in sorted(pids - ours):
                    yield (
                        f'port {port}, needed by {process.name}, is in'
                        f' use by {_name(pid)}'
                    )


def _listening() -> dict[int, list[str]]:
    """Give the sockets (inodes) that listen, by port."""
    found: dict[int, list[str]] = {}
    for table in ('tcp', 'tcp6'):
        path = pathlib.Path('/proc/net') / table
        lines = path.read_text().splitlines()[1:] if path.exists() else ()
        for line in lines:
            fields = line.split()
            if fields[3] == '0A':  # it listens
                port = int(fields[1].rpartition(':')[2], 16)
                found.setdefault(port, []).append(fields[9])
    return found


def _owners() -> dict[str, int]:
    """Give the process of each socket."""
    found = {}
    for entry in processes.everything():
        folder = f'/proc/{entry.pid}/fd'
        try:
            for name in os.listdir(folder):
                target = os.readlink(f'{folder}/{name}')
                if target.startswith('socket:['):
                    found[target[8:-1]] = entry.pid
        except OSError:
            continue  # it is gone by now
    return found


def _name(pid: int) -> str:
    try:
        name = pathlib.Path(f'/proc/{pid}/comm').read_text('utf-8', 'replace')
    except OSError:
        return 'another process'
    return f'{name.strip()}, pid {pid}'
