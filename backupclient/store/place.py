# SPDX-License-Identifier: Apache-2.0
"""Checking that a folder can be written to or made."""

import os
import pathlib
import shlex

OF_BACKUPS = 'Name the folder that "backup run --to" wrote to.'
"""What to do if there are no backups in a target."""


def obstacle(folder: pathlib.Path, *, makes_parents: bool = False) -> str:
    """Return why a folder can be neither written to nor made.

    :param folder: a folder, or a new file. It need not exist.
    :param makes_parents: the caller makes missing parents too. Otherwise the
        parent has to exist: if it is missing, the path is probably misspelt,
        or a disk is not mounted.
    :returns: a sentence that names the path at fault, ``''`` if all is well.
    """
    folder = folder.absolute()
    missing = folder
    for place in (folder, *folder.parents):
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            missing = place
            continue
        except (OSError, ValueError) as error:
            said = getattr(error, 'strerror', None) or str(error)
            return f'{place} cannot be looked at: {said}.'
        found = _trouble(place)
        if found or makes_parents or missing == folder:
            return found
        parent = shlex.quote(str(folder.parent))
        return (
            f'{missing} is not there. Mount it, or make it first: '
            f'mkdir -p {parent}'
        )
    return f'{folder} is not there.'


def _trouble(place: pathlib.Path) -> str:
    """Return why an existing path cannot be used, else ``''``."""
    if place.is_symlink() and not place.exists():
        return f'{place} is a link to {place.readlink()}, which is not there.'
    if not place.is_dir():
        return f'{place} is not a folder.'
    if not os.access(place, os.W_OK | os.X_OK):
        return f'{place} is not a folder that you can write to.'
    return ''
