# SPDX-License-Identifier: Apache-2.0
"""What is below a folder of this machine; links are never followed.

All folders are descriptors.
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
# Nanoseconds after which another change gets another time: file systems and
# servers of files have steps of up to two seconds.
_SETTLED = 3_000_000_000
_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST}


def walk(folder: int, start: str, deepest: int) -> Iterator[base.Entry]:
    """List what is below a folder, but what goes away meanwhile.

    :param start: of the paths.
    :param deepest: what is further down is listed as no plain file.
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
    """List the names of the folders that are directly in a folder."""
    with os.scandir(folder) as entries:
        return tuple(
            sorted(
                each.name
                for each in entries
                if each.is_dir(follow_symlinks=False)
            )
        )


def entry(path: str, name: str, folder: int) -> base.Entry:
    """Give what is known of a file.

    :param path: in the store.
    """
    found = os.lstat(name, dir_fd=folder)
    # A file system can hold times that a date cannot.
    changed = min(max(found.st_mtime, 0.0), _LAST)
    return base.Entry(
        path,
        found.st_size,
        datetime.datetime.fromtimestamp(changed, datetime.UTC),
        plain=stat.S_ISREG(found.st_mode),
    )


def fingerprint(name: str, folder: int) -> str:
    """Return what tells that a file was changed, ``''`` if nothing does.

    Nobody can set the time of the last change of a file's state (``ctime``),
    as its other times: so with the same one the bytes are the same. Of what
    has changed just now the time may not tell a second change yet.
    """
    found = os.lstat(name, dir_fd=folder)
    if time.time_ns() - found.st_ctime_ns < _SETTLED:
        return ''
    return (
        f'{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} '
        f'{found.st_ctime_ns}'
    )


def tidy(folder: int) -> None:
    """Take away part files and empty folders, and flush the others."""
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            with localfile.opened_folder(name, folder) as below:
                tidy(below)
            drop_if_empty(name, folder)
        elif name.endswith(base.PART):
            localfile.unlink(name, folder)
    localfile.flush(folder)


def drop_if_empty(name: str, folder: int) -> None:
    """Take a folder away, unless something is in it."""
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise


def make(name: str, parent: int) -> None:
    """Make a folder, unless it is there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        localfile.flush(parent)


def is_there(name: str, folder: int) -> bool:
    """Tell whether anything has a name."""
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def require_own(name: str, parent: int) -> None:
    """Refuse what is not a folder of the user who runs this."""
    with localfile.opened_folder(name, parent) as folder:
        if os.fstat(folder).st_uid != os.geteuid():
            raise OSError(errno.EPERM, f'{name} belongs to someone else')
