# SPDX-License-Identifier: Apache-2.0
"""Start processes in the background, remember them, find and stop them.

A started process leads a session of its own and has a mark in its
environment, so all its children can be found, even when it is dead itself or
when they made another session.  What is remembered (``STATE/run/NAME.json``)
is its pid with its start time and the boot: a pid alone may belong to
somebody else by now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import signal
import subprocess

from devcloud import settings
from devcloud.commands import environment
from devcloud.commands import say
from devcloud.commands import wait

# Of the processes that this devcloud has started itself.
_children: dict[str, subprocess.Popen[bytes]] = {}
_log_begins: dict[str, int] = {}


@dataclasses.dataclass(frozen=True)
class Stat:
    """What /proc says of a process that lives."""

    pid: int
    session: int
    start: int


def stat(pid: int) -> Stat | None:
    """Look a process up; None when it is gone or a zombie."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text(errors='replace')
    except OSError:
        return None
    # The name of the program, in parentheses, may hold anything.
    fields = text[text.rindex(')') + 2 :].split()
    if fields[0] == 'Z':
        return None
    return Stat(pid, session=int(fields[3]), start=int(fields[19]))


def everything() -> list[Stat]:
    """List all processes of the machine."""
    found = (stat(int(name)) for name in os.listdir('/proc') if name.isdigit())
    return [entry for entry in found if entry]


@dataclasses.dataclass(frozen=True)
class Record:
    """What is remembered of a started process."""

    name: str
    pid: int
    start: int
    boot: str
    ready: bool = False

    def alive(self) -> bool:
        """Say whether that very process still runs."""
        now = stat(self.pid)
        return bool(self.boot == _boot() and now and now.start == self.start)

    def has(self, entry: Stat) -> bool:
        """Say whether this is that process or in its session."""
        leader = stat(self.pid)
        # Else the pid is somebody else's by now.
        own = not leader or leader.start == self.start
        return (
            self.boot == _boot()
            and own
            and entry.session == self.pid
            and entry.start >= self.start
        )


def _mark(name: str) -> str:
    return f'{settings.STATE}:{name}'


def _is_marked(pid: int, name: str) -> bool:
    """Say whether a process has the environment of the process `name`."""
    try:
        text = pathlib.Path(f'/proc/{pid}/environ').read_bytes()
    except OSError:
        return False
    return f'DEVCLOUD_PROCESS={_mark(name)}'.encode() in text.split(b'\0')


@functools.cache
def _boot() -> str:
    return pathlib.Path('/proc/sys/kernel/random/boot_id').read_text().strip()


def _path(name: str) -> pathlib.Path:
    return settings.RUN / f'{name}.json'


def record(name: str) -> Record | None:
    """Read what is remembered of the process `name`."""
    try:
        return Record(**json.loads(_path(name).read_text()))
    except (OSError, ValueError, TypeError):
        return None  # none, or by another version of this program


def running(name: str) -> Record | None:
    """Give the record of `name` if that process runs."""
    found = record(name)
    return found if found and found.alive() else None


def family(name: str) -> list[Stat]:
    """List the process `name` and its children, also when it is dead."""
    found = record(name)
    return [
        entry
        for entry in everything()
        if (found and found.has(entry)) or _is_marked(entry.pid, name)
    ]


def _remember(entry: Record) -> None:
    settings.write(_path(entry.name), json.dumps(dataclasses.asdict(entry)))


def start(name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
    """Start a process in the background unless it runs already."""
    if running(name):
        return
    with log(name).open('ab') as file:
        _log_begins[name] = file.tell()
        child = _children[name] = subprocess.Popen(
            command,
            env=environment() | {'DEVCLOUD_PROCESS': _mark(name)} | dict(env),
            cwd=settings.STATE / 'home',
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    born = stat(child.pid)
    _remember(Record(name, child.pid, born.start if born else 0, _boot()))
    say(f'started {name}, pid {child.pid}')


def stop(name: str, seconds: float = 20) -> None:
    """Stop a process and its children: asked first, then killed."""
    if there := family(name):
        if leader := running(name):
            _signal(leader.pid, signal.SIGTERM)
            wait(lambda: not running(name), seconds)
            wait(lambda: not family(name), 2)
        left = family(name)
        for entry in left:
            _signal(entry.pid, signal.SIGKILL)
        wait(lambda: not family(name), 5)
        say(
            f'stopped {name}, pid {there[0].pid}'
            + (f' ({len(left)} killed)' if left else '')
        )
    _path(name).unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def mark_ready(name: str) -> None:
    """Remember that the process `name` does its work."""
    if (entry := running(name)) and not entry.ready:
        _remember(dataclasses.replace(entry, ready=True))


def log(name: str) -> pathlib.Path:
    """Give the file with what the process `name` prints."""
    return settings.LOG / f'{name}.log'


def log_begin(name: str) -> int:
    """Give where in its log the process `name` began.

    Of a process that another devcloud started, it is where the log ended when
    this was first asked.
    """
    if name not in _log_begins:
        file = log(name)
        _log_begins[name] = file.stat().st_size if file.exists() else 0
    return _log_begins[name]


def how_ended(name: str) -> str:
    """Say how a dead process ended, as far as it is known."""
    child = _children.get(name)
    code = child.poll() if child else None
    if code is None:
        return 'died'
    if code < 0:
        return f'was killed by signal {-code}'
    return f'ended with exit code {code}'
