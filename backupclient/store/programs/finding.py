# SPDX-License-Identifier: Apache-2.0
"""Find a program on ``PATH``, and require a version that is new enough."""

import dataclasses
import os
import re
import shutil

from backupclient import errors
from backupclient.store.programs import child
from backupclient.store.programs import environment
from backupclient.store.programs import starting

_VERSION = re.compile(r'\bv?(\d+)\.(\d+)(?:\.(\d+))?')
_LIMIT = 60.0
"""Seconds in which a program has to print its version."""


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A program that a store calls.

    :param name: its command; ``NAME version`` prints the version.
    :param least: the oldest version that works with this program.
    :param package: the package to install, for messages.
    """

    name: str
    least: tuple[int, int]
    package: str


RESTIC = Program('restic', (0, 14), 'restic')
RCLONE = Program('rclone', (1, 60), 'rclone')


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A program of this machine.

    :param path: its absolute path.
    :param version: two or three numbers, as the program prints them.
    """

    program: Program
    path: str
    version: tuple[int, ...]


_known: dict[tuple[str, str], Found] = {}


def find(program: Program) -> Found:
    """Return the path and the version of a program.

    The program is called only once in this process.

    :raises TargetError: if it is not on ``PATH``, does not work, or is too
        old.
    """
    path = shutil.which(program.name)
    if path is None:
        raise errors.TargetError(
            f'The program {program.name} is not there (searched: PATH). '
            f'{_install(program)}'
        )
    path = os.path.abspath(path)
    key = (program.name, path)
    if key not in _known:
        _known[key] = Found(program, path, _version(program, path))
    return _known[key]


def _version(program: Program, path: str) -> tuple[int, ...]:
    done = child.run(
        [path, 'version'],
        environment.minimal((), {}),
        starting.How(program.name),
        _LIMIT,
    )
    match = _VERSION.search(done.out.decode(errors='replace'))
    if not match:
        raise errors.TargetError(
            f'{path} does not say which version of {program.name} it is. '
            f'{_install(program)}'
        )
    version = tuple(int(part) for part in match.groups() if part)
    if version < program.least:
        raise errors.TargetError(
            f'{path} has the version {_dotted(version)}, which is too old. '
            f'{_install(program)}'
        )
    return version


def _install(program: Program) -> str:
    return (
        f'Install {program.name} {_dotted(program.least)} or newer (the '
        f'package {program.package} of most distributions).'
    )


def _dotted(version: tuple[int, ...]) -> str:
    return '.'.join(map(str, version))
