# SPDX-License-Identifier: Apache-2.0
"""Start, stop and wipe the cloud, or parts of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
import concurrent.futures
import contextlib
import fcntl
import shutil
import threading

from devcloud import guests
from devcloud import install
from devcloud import machine
from devcloud import processes
from devcloud import services
from devcloud import settings
from devcloud import starting
from devcloud import system_files
from devcloud.commands import Failed
from devcloud.commands import say
from devcloud.parts import PARTS
from devcloud.parts import Part
from devcloud.parts import Process
from devcloud.parts import packages
from devcloud.parts import with_needs

# These have nothing to save that is not in a database.
_STATELESS = (
    'keystone',
    'glance',
    'barbican',
    'placement',
    'neutron',
    'cinder',
    'nova',
)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other devcloud starts or stops anything."""
    settings.RUN.mkdir(parents=True, exist_ok=True)
    with (settings.RUN / 'devcloud.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(wanted: Collection[str]) -> None:
    """Start what is wanted and does not run; nothing named means all.

    Optional parts have to be named. A part brings along what it needs, a
    process is started by itself.
    """
    more = packages(wanted)
    _check(more)
    with alone():
        install.install(more)
        system_files.write()
        if changed := settings.configure():
            say('wrote ' + ' '.join(changed))
        _recover()
        named = {part.name for part in PARTS} & set(wanted)
        chosen = with_needs(named or (() if wanted else _usual()))
        _start_parts([part for part in PARTS if part.name in chosen])
        for part in PARTS:
            _start(
                [
                    process
                    for process in part.processes
                    if process.name in wanted and part.name not in chosen
                ]
            )
        if not wanted:
            settings.once('offers', services.make_offers)
            say(f'up; credentials: {settings.CLOUDS}')


def _usual() -> list[str]:
    """Give the names of the parts that are started unless others are named."""
    return [part.name for part in PARTS if not part.optional]


def _check(more: Collection[str] = ()) -> None:
    """Stop if this machine will not do; tell what will be changed.

    :param more: Debian packages of optional parts.
    """
    machine.check_system()
    machine.check_room(install.installed(more))
    install.announce(more)


def set_up() -> None:
    """Install what is missing; start nothing."""
    _check()
    with alone():
        install.install()


def _recover() -> None:
    """Clear away what a hard kill left.

    The children of a killed process hold its port.  Servers hang when their
    Ceph died; nova starts them again when it begins itself.
    """
    for part in PARTS:
        for process in part.processes:
            if not processes.running(process.name):
                processes.stop(process.name)
    if not any(map(processes.running, ('ceph-osd', 'nova-compute'))):
        guests.stop(seconds=0)


def _start_parts(chosen: list[Part]) -> None:
    """Start parts, each as soon as those that it needs are ready.

    When one fails, nobody waits for the others.
    """
    tasks: dict[str, concurrent.futures.Future[None]] = {}
    failed = threading.Event()

    def start(part: Part) -> None:
        try:
            for need in part.needs:
                if need in tasks:
                    tasks[need].result()
            _start_part(part, failed)
        except BaseException:
            failed.set()
            raise

    # In the order of the registry nobody waits for a part not yet there.
    with concurrent.futures.ThreadPoolExecutor(len(PARTS)) as pool:
        for part in chosen:
            tasks[part.name] = pool.submit(start, part)
    errors = [task.exception() for task in tasks.values()]
    # The reason comes before those that only gave up because of it.
    for error in sorted(
        filter(None, errors), key=lambda one: isinstance(one, starting.GivenUp)
    ):
        raise error


def _start_part(part: Part, failed: threading.Event) -> None:
    ran = all(processes.running(one.name) for one in part.processes)
    settings.once(part.name, part.prepare)
    _start(part.processes, failed)
    settings.once(f'{part.name}-finish', part.finish)
    if not ran:
        say(f'{part.name} is ready')


def _start(
    chosen: Collection[Process], failed: threading.Event | None = None
) -> None:
    """Start processes and wait until all of them do their work.

    :param failed: is set when something else has failed.
    """
    failed = failed or threading.Event()
    for process in chosen:
        settings.once(f'{process.name}-prepare', process.prepare)
        if not processes.running(process.name):
            processes.start(process.name, process.command(), process.env())
        if process.first:
            starting.wait_ready({process.name: process.ready}, failed)
    starting.wait_ready({one.name: one.ready for one in chosen}, failed)


def down(wanted: Collection[str]) -> None:
    """Stop parts or processes; nothing named means all."""
    machine.check_system()
    with alone():
        _stop(wanted)


def _stop(wanted: Collection[str]) -> None:
    if not wanted:
        # nova would take the end of a server for its owner's wish
        processes.stop('nova-compute')
        guests.stop()
    first: list[str] = []
    last: list[str] = []
    for part in reversed(PARTS):
        for process in reversed(part.processes):
            if not wanted or {part.name, process.name} & set(wanted):
                group = first if part.name in _STATELESS else last
                group.append(process.name)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(processes.stop, first))
    for name in last:
        processes.stop(name)


def wipe(everything: bool) -> None:
    """Stop and delete the cloud; what was installed stays."""
    machine.check_system()
    with alone():
        _stop({'nova'})
        guests.stop()
        guests.forget()  # as long as libvirtd is there to be told
        _stop(())
        system_files.restore()
        for name in ('data', 'done', 'etc', 'home', 'log', 'run'):
            shutil.rmtree(settings.STATE / name, ignore_errors=True)
        for path in (
            settings.CLOUDS,
            settings.SEED,
            settings.S3,
            settings.STATE / 'facts.json',
        ):
            path.unlink(missing_ok=True)
        if everything:
            _remove_installed()
    say(f'wiped {settings.STATE}; the Debian packages stay')


def _remove_installed() -> None:
    """Remove the services' Python and what was built."""
    for path in (settings.VENV, settings.STATE / 'bin'):
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):  # somebody keeps files of his own
        settings.STATE.rmdir()


def require_running() -> None:
    """Stop unless the cloud is there."""
    if not settings.CLOUDS.exists() or not processes.running('keystone'):
        raise Failed('the cloud does not run: `up` first')
