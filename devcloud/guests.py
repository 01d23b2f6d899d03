# SPDX-License-Identifier: Apache-2.0
"""The servers of the cloud as QEMU processes.

libvirtd starts them as daemons, outside of its session, so they are found in
another way than the processes of `processes`: by nova's folder for them.
"""

from __future__ import annotations

import os
import pathlib
import re
import signal

from devcloud import settings
from devcloud.commands import say
from devcloud.commands import succeeds
from devcloud.commands import wait
from devcloud.processes import Stat
from devcloud.processes import everything
from devcloud.processes import stat

_DEFINITIONS = pathlib.Path('/etc/libvirt/qemu')
_KEYS = pathlib.Path('/etc/libvirt/secrets')
_VIRSH = ('virsh', '-c', 'qemu:///system')


def _is_ours(text: str) -> bool:
    """Say whether nova of this state folder made the server."""
    ids = re.findall(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', text)
    folder = settings.DATA / 'nova/instances'
    return any((folder / server).is_dir() for server in ids)


def running() -> list[Stat]:
    """List the QEMU processes of this cloud's servers."""
    found = []
    for entry in everything():
        try:
            path = pathlib.Path(f'/proc/{entry.pid}/cmdline')
            line = path.read_text(errors='replace')
        except OSError:
            continue
        if 'qemu-system' in line.partition('\0')[0] and _is_ours(line):
            found.append(entry)
    return found


def stop(seconds: float = 10) -> None:
    """Cut all servers off.  They use Ceph, so this comes before its end."""
    guests = running()
    for guest in guests:
        # Asked to end, QEMU does so in order, without its guest's help.
        _signal(guest, signal.SIGTERM)
    if not wait(lambda: not _left(guests), seconds):
        for guest in _left(guests):
            _signal(guest, signal.SIGKILL)
        wait(lambda: not _left(guests), 5)
    if guests:
        say(f'stopped {len(guests)} servers')


def _left(guests: list[Stat]) -> list[Stat]:
    return [guest for guest in guests if stat(guest.pid) == guest]


def _signal(guest: Stat, number: signal.Signals) -> None:
    if stat(guest.pid) == guest:
        os.kill(guest.pid, number)


def forget() -> None:
    """Take away what libvirt wrote down of our servers.

    That is their definitions and the keys of their encrypted volumes.
    """
    for path in _DEFINITIONS.glob('instance-*.xml'):
        text = path.read_text()
        if not _is_ours(text):
            continue
        if not succeeds([*_VIRSH, 'undefine', '--nvram', path.stem]):
            path.unlink(missing_ok=True)
        for key in re.findall(r"<secret [^>]*uuid='([-0-9a-f]+)'", text):
            succeeds([*_VIRSH, 'secret-undefine', key])
            for left in _KEYS.glob(f'{key}.*'):
                left.unlink()
