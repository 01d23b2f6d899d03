# SPDX-License-Identifier: Apache-2.0
"""The files of the backup set, as the steps use them."""

import pathlib

from backupclient import errors
from backupclient.procedures import step


def place(work: step.Work, path: str) -> pathlib.Path:
    """Give the place of a file, whether it is there or not.

    :param path: in the backup set.
    """
    if work.folder is None:
        raise errors.UsageError('Files need a folder: give --to.')
    return work.folder.path(path)


def data(work: step.Work, made: step.Made) -> pathlib.Path:
    """Give the place of the data that an earlier step has brought out.

    What relies on them deletes their source next.

    :raises NotFound: the data, or the key to them, are not there any more.
    """
    if made.file is None:
        raise errors.NotFound('No data were brought out.')
    found = place(work, made.file.path)
    if _size(found) != made.file.size:
        raise errors.NotFound(f'{found} was taken away, or is not whole.')
    if made.key is not None and _size(place(work, made.key.path)) is None:
        raise errors.NotFound(f'{made.key.path} was taken away.')
    return found


def _size(path: pathlib.Path) -> int | None:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return None
