# SPDX-License-Identifier: Apache-2.0
"""Starting a program by its guard."""

from collections.abc import Sequence
import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

from backupclient import errors
from backupclient.store.programs import guard

GRACE = 20.0
"""Seconds in which an interrupted program has to remove its lock."""

PATIENCE = 20 * 60.0
"""Seconds after which a program that neither reads nor writes is ended.

While a storage system does not answer, restic and rclone retry for up to 15
minutes.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class How:
    """How a program is run.

    :param name: its name, for messages.
    :param secrets: texts to remove from its output.
    :param folder: its working folder, None for that of this program.
    :param grace: the seconds from interrupting to killing it.
    :param patience: the seconds for which it may neither read nor write.
    """

    name: str
    secrets: tuple[str, ...] = ()
    folder: pathlib.Path | None = None
    grace: float = GRACE
    patience: float = PATIENCE


def guarded(
    fixed: Sequence[int],
    heard: Sequence[int],
    how: How,
    command: Sequence[str],
    **others: Any,
) -> subprocess.Popen[bytes]:
    """Start the guard, which starts the program.

    :param fixed: the descriptors that are the guard's arguments.
    :param heard: further descriptors that the guard and the program inherit.
    :param others: further arguments of ``subprocess.Popen``.
    :raises TargetError: if the guard cannot be started.
    """
    words = [*map(str, fixed), str(how.grace), *command]
    try:
        return subprocess.Popen(
            [sys.executable, '-I', '-S', guard.__file__, *words],
            cwd=how.folder,
            pass_fds=[file for file in (*fixed, *heard) if file >= 0],
            start_new_session=True,
            **others,
        )
    except OSError as error:
        raise errors.TargetError(
            f'{how.name} cannot be started: {error.strerror}.'
        ) from error
