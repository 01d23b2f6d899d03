# SPDX-License-Identifier: Apache-2.0
"""Run commands, wait for things, tell the user what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import functools
import os
import subprocess
import sys
import time

from devcloud import settings

_BEGIN = time.monotonic()


class Failed(Exception):
    """Something did not work; the text says what, and where to look."""


def say(text: str) -> None:
    """Tell the user what happens, with the seconds since the beginning."""
    # In one piece: several threads tell things at the same time.
    sys.stderr.write(f'{time.monotonic() - _BEGIN:6.1f}  {text}\n')


@functools.cache
def environment() -> dict[str, str]:
    """Give the environment of everything that runs for the services."""
    kept = {
        key: value
        for key, value in os.environ.items()
        # Credentials of the caller's own cloud must not reach a service.
        if not key.startswith(('OS_', 'PYTHONPATH', 'PYTHONHOME'))
    }
    system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    own = {
        'DEVCLOUD_STATE': str(settings.STATE),
        'HOME': str(settings.STATE / 'home'),
        'LC_ALL': 'C.UTF-8',
        'PATH': f'{settings.STATE}/bin:{settings.VENV}/bin:{system}',
        'PYTHONWARNINGS': 'ignore',
        'OS_NEUTRON_CONFIG_FILES': 'neutron.conf',
    }
    for name in ('keystone', 'glance', 'placement', 'nova', 'neutron'):
        own[f'OS_{name.upper()}_CONFIG_DIR'] = str(settings.ETC / name)
    return kept | own


def run(
    command: Sequence[str | os.PathLike[str]],
    log: str = '',
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end and give its output.

    With `log`, the output goes to that log instead.
    """
    words = [os.fspath(word) for word in command]
    path = settings.LOG / f'{log}.log'
    done = subprocess.run(
        words,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        stdout=path.open('ab') if log else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = '' if log else done.stdout.decode(errors='replace')
    if done.returncode:
        why = f'see {path}' if log else output[-3000:]
        raise Failed(f'{" ".join(words)}: exit {done.returncode}: {why}')
    return output


def succeeds(command: Sequence[str]) -> bool:
    """Run a command quietly; say whether it ended well."""
    return not subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode


def wait(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until `true()`; False when it did not come in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
