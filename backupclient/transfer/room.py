# SPDX-License-Identifier: Apache-2.0
"""Free space at the place where a backup set goes."""

import os
import pathlib

from backupclient import errors
from backupclient.transfer import place


def free_bytes(folder: pathlib.Path) -> int:
    """Tell how many bytes a user may still write.

    :param folder: need not be there yet: its nearest parent counts.
    :returns: bytes, without those that the file system keeps for root.
    :raises TargetError: when the file system does not say.
    """
    try:
        found = os.statvfs(_nearest(folder))
    except OSError as error:
        raise errors.TargetError(
            f'The free space of {folder} is not known: {error.strerror}.'
        ) from error
    return found.f_bavail * found.f_frsize


def require_room(folder: pathlib.Path, needed: int) -> None:
    """Do nothing when so many bytes fit.

    :param folder: where they shall go, it need not be there yet.
    :param needed: bytes.
    :raises TargetError: when they do not fit, or nothing can be put there.
    """
    why = place.obstacle(folder)
    if why:
        raise errors.TargetError(f'{folder} cannot take a backup set: {why}')
    free = free_bytes(folder)
    if free < needed:
        raise errors.TargetError(
            f'{folder} has {free:,} bytes free, {needed:,} are needed. '
            'Make room or choose another place.'
        )


def _nearest(folder: pathlib.Path) -> pathlib.Path:
    """Give a folder, or the nearest of those above it that is there."""
    found = folder.absolute()
    while not found.exists():
        found = found.parent
    return found
