# SPDX-License-Identifier: Apache-2.0
"""Files and folders of this machine, opened so that no link is followed."""

from collections.abc import Iterator
import contextlib
import errno
import os
import pathlib
import stat

from backupclient import errors
from backupclient.store import base

_FULL = {errno.ENOSPC, errno.EDQUOT}


def read(path: pathlib.Path, limit: int) -> bytes:
    """Return the bytes of a plain file.

    :param limit: the number of bytes that are read at most.
    :raises OSError: if it is a link or a device, or cannot be read.
    """
    with opened_plain(str(path), None) as file:
        return read_at(file, 0, min(limit, os.fstat(file).st_size))


@contextlib.contextmanager
def opened_plain(name: str, folder: int | None) -> Iterator[int]:
    """Open a plain file for reading.

    :param folder: the folder's descriptor, None for the current folder.
    :returns: the file's descriptor.
    :raises OSError: if it is a link or a device, or cannot be opened.
    """
    # Without O_NONBLOCK a named pipe would wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    file = os.open(name, flags, dir_fd=folder)
    try:
        require_plain(file)
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def opened_folder(
    path: str | pathlib.Path, parent: int | None, *, follow: bool = False
) -> Iterator[int]:
    """Open a folder.

    With a descriptor, a caller uses the very folder that it has checked.

    :param parent: the parent's descriptor, None for the current folder.
    :param follow: follow the path if it is a link.
    :returns: the folder's descriptor.
    :raises OSError: if it is not a folder, or cannot be opened.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY
    try:
        folder = os.open(
            path, flags if follow else flags | os.O_NOFOLLOW, dir_fd=parent
        )
    except NotADirectoryError:
        if stat.S_ISLNK(os.lstat(path, dir_fd=parent).st_mode):
            raise OSError(errno.ELOOP, f'{path} is a link') from None
        raise
    try:
        yield folder
    finally:
        os.close(folder)


def write_at(file: int, offset: int, block: base.Block) -> None:
    """Write a whole block, with several system calls if needed."""
    view = memoryview(block)
    while view:
        written = os.pwrite(file, view, offset)
        view = view[written:]
        offset += written


def read_at(file: int, offset: int, size: int) -> bytes:
    """Return a block, with fewer bytes only at the end of the file."""
    found = block = os.pread(file, size, offset)
    while block and len(found) < size:
        # Network file systems may give less than was asked for.
        block = os.pread(file, size - len(found), offset + len(found))
        found += block
    return found


def read_into(file: int, offset: int, view: memoryview) -> int:
    """Read into a buffer until it is full or the file ends.

    :returns: the number of bytes.
    """
    done = 0
    while done < len(view):
        count = os.preadv(file, [view[done:]], offset + done)
        if not count:
            break
        done += count
    return done


def next_data(file: int, offset: int) -> int:
    """Return the offset of the first data at or behind an offset.

    :returns: the end of the file if only a hole follows; the given offset if
        the file system does not know.
    """
    try:
        return os.lseek(file, offset, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            return offset
        return max(offset, os.fstat(file).st_size)


def next_hole(file: int, offset: int) -> int:
    """Return the offset at which the data at an offset end.

    :returns: the end of the file if the file system does not know.
    """
    try:
        return os.lseek(file, offset, os.SEEK_HOLE)
    except OSError:
        return max(offset, os.fstat(file).st_size)


def unlink(name: str, folder: int) -> None:
    """Delete a file if it exists.

    :param folder: the folder's descriptor.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def flush_folder(path: pathlib.Path) -> None:
    """Make the names in a folder durable.

    :raises OSError: if that fails.
    """
    with opened_folder(path, None, follow=True) as folder:
        flush(folder)


def flush(folder: int) -> None:
    """Make the names in a folder durable.

    :param folder: the folder's descriptor.
    """
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems cannot flush folders.
        if error.errno != errno.EINVAL:
            raise


def require_plain(file: int) -> None:
    """Raise OSError unless a descriptor is of a plain file."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.EEXIST, 'it is not a plain file')


@contextlib.contextmanager
def troubles(place: object, verb: str) -> Iterator[None]:
    """Raise a TargetError for each OSError inside.

    Its text has the system's message and, if the place is full, the free
    space.

    :param place: the path, for the message.
    :param verb: the failed action as a participle, such as ``written``.
    """
    try:
        yield
    except OSError as error:
        text = f'{place} cannot be {verb}: {error.strerror or error}.'
        if error.errno in _FULL:
            free = free_bytes(pathlib.Path(str(place)).parent)
            text += f' {free:,} bytes are free there: make room.'
        elif verb == 'written':
            text += ' Put that right, or choose another place.'
        raise errors.TargetError(text) from error


def is_full(error: errors.TargetError) -> bool:
    """Return whether a write failed because the place is full."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _FULL


def free_bytes(folder: pathlib.Path) -> int:
    """Return the free space for a user who is not root, in bytes.

    :param folder: if it does not exist, its nearest parent counts.
    :raises TargetError: if the file system does not answer.
    """
    try:
        found = os.statvfs(nearest(folder))
    except OSError as error:
        raise errors.TargetError(
            f'The free space of {folder} is not known: {error.strerror}.'
        ) from error
    return found.f_bavail * found.f_frsize


def nearest(folder: pathlib.Path) -> pathlib.Path:
    """Return a folder, or its nearest parent that exists."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return place
