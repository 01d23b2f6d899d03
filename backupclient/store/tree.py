# SPDX-License-Identifier: Apache-2.0
"""Working on the tree below a folder of this machine.

Links are never followed. All arguments that are folders are descriptors.
"""

from collections.abc import Iterator
import contextlib
import datetime
import errno
import os
import stat
import time

from backupclient.store import base
from backupclient.store import localfile

_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC).timestamp() - 1
# Nanoseconds after which a second change gets another time for certain: times
# of file systems and file servers have steps of up to two seconds.
_SETTLED = 3_000_000_000
_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST}


def walk(folder: int, start: str, deepest: int) -> Iterator[base.Entry]:
    """Yield all files below a folder, except those that vanish meanwhile.

    :param start: the beginning of the paths: the folder, with ``/``.
    :param deepest: the number of levels of folders to enter. Deeper folders
        are listed themselves, as entries that are not plain.
    """
    for name in sorted(os.listdir(folder)):
        with contextlib.suppress(FileNotFoundError):
            found = os.lstat(name, dir_fd=folder)
            if stat.S_ISDIR(found.st_mode) and deepest:
                with localfile.opened_folder(name, folder) as below:
                    yield from walk(below, f'{start}{name}/', deepest - 1)
            else:
                yield entry(start + name, name, folder)


def folders(folder: int) -> tuple[str, ...]:
    """Return the names of the folders directly in a folder, sorted."""
    with os.scandir(folder) as entries:
        return tuple(
            sorted(
                each.name
                for each in entries
                if each.is_dir(follow_symlinks=False)
            )
        )


def entry(path: str, name: str, folder: int) -> base.Entry:
    """Return the entry of a file.

    :param path: the path of the file in the store.
    :param name: the name of the file in the folder.
    :raises OSError: if it does not exist or cannot be read.
    """
    found = os.lstat(name, dir_fd=folder)
    # A file system can have times that a datetime cannot.
    changed = min(max(found.st_mtime, 0.0), _LAST)
    return base.Entry(
        path,
        found.st_size,
        datetime.datetime.fromtimestamp(changed, datetime.UTC),
        plain=stat.S_ISREG(found.st_mode),
    )


def fingerprint(name: str, folder: int) -> str:
    """Return a text that changes with the file's bytes, ``''`` if unsure.

    It has the time of the last change of the file's state (``ctime``), which
    nobody can set. If the file was changed within the last seconds, another
    change may get the same time: then the result is ``''``.
    """
    found = os.lstat(name, dir_fd=folder)
    if time.time_ns() - found.st_ctime_ns < _SETTLED:
        return ''
    return (
        f'{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} '
        f'{found.st_ctime_ns}'
    )


def tidy(folder: int) -> None:
    """Delete part files and empty folders, and flush the other folders."""
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            with localfile.opened_folder(name, folder) as below:
                tidy(below)
            drop_if_empty(name, folder)
        elif name.endswith(base.PART):
            localfile.unlink(name, folder)
    localfile.flush(folder)


def drop_if_empty(name: str, folder: int) -> None:
    """Delete a folder if it is empty."""
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise


def make(name: str, parent: int) -> None:
    """Make a folder unless the name exists."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        localfile.flush(parent)


def is_there(name: str, folder: int) -> bool:
    """Return whether anything in a folder has a name."""
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def require_own(name: str, parent: int) -> None:
    """Raise OSError unless a name is a folder that this user owns."""
    with localfile.opened_folder(name, parent) as folder:
        if os.fstat(folder).st_uid != os.geteuid():
            raise OSError(errno.EPERM, f'{name} belongs to someone else')
