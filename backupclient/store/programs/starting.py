# SPDX-License-Identifier: Apache-2.0
"""How a program is started: by its guard."""

from collections.abc import Sequence
import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

from backupclient import errors
from backupclient.store.programs import guard

GRACE = 20.0
"""Seconds that an interrupted program has to remove its lock."""

PATIENCE = 20 * 60.0
"""Seconds for which a program may take or give nothing.

restic and rclone try again for up to 15 minutes while a storage system does
not answer.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class How:
    """How a program is run.

    :param name: for messages.
    :param secrets: never quoted from what it says.
    :param folder: where it works, None for where this program does.
    :param grace: seconds from interrupting to killing it.
    :param patience: seconds for which it may take or give nothing.
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

    :param fixed: the descriptors that the guard expects.
    :param heard: those that it only holds.
    :raises TargetError: it cannot be started.
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
