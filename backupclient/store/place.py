# SPDX-License-Identifier: Apache-2.0
"""Whether a folder can be written to, or can be made."""

import os
import pathlib
import shlex


def obstacle(folder: pathlib.Path, *, makes_parents: bool = False) -> str:
    """Say why a folder can be neither written to nor made.

    :param folder: or a new file. It need not be there yet.
    :param makes_parents: the caller makes the folders above it, too. Else
        these have to be there: a path of which more is missing is mostly
        misspelt, or something is not mounted.
    :returns: a sentence that names the path at fault, ``''`` for none.
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
    """Say what is wrong with something that is there."""
    if place.is_symlink() and not place.exists():
        return f'{place} is a link to {place.readlink()}, which is not there.'
    if not place.is_dir():
        return f'{place} is not a folder.'
    if not os.access(place, os.W_OK | os.X_OK):
        return f'{place} is not a folder that you can write to.'
    return ''
