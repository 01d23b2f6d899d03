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
    """Read a plain file.

    :param limit: read so many bytes at most.
    :raises OSError: it is a link or a device, or cannot be read.
    """
    with opened_plain(str(path), None) as file:
        return read_at(file, 0, min(limit, os.fstat(file).st_size))


@contextlib.contextmanager
def opened_plain(name: str, folder: int | None) -> Iterator[int]:
    """Open a file for reading that is neither a link nor a device.

    :param folder: descriptor, None for the current folder.
    :returns: its descriptor.
    :raises OSError: it is one, or cannot be opened.
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
    """Open a folder, so that what was checked is what is used.

    :param parent: descriptor, None for the current folder.
    :param follow: a link.
    :returns: its descriptor.
    :raises OSError: it is none, or cannot be opened.
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
    """Write a block, however many calls it takes."""
    view = memoryview(block)
    while view:
        written = os.pwrite(file, view, offset)
        view = view[written:]
        offset += written


def read_at(file: int, offset: int, size: int) -> bytes:
    """Read a block: fewer bytes only at the end of the file."""
    found = block = os.pread(file, size, offset)
    while block and len(found) < size:
        # Network file systems may give less than was asked for.
        block = os.pread(file, size - len(found), offset + len(found))
        found += block
    return found


def read_into(file: int, offset: int, view: memoryview) -> int:
    """Fill a buffer: fewer bytes only at the end of the file.

    :returns: how many.
    """
    done = 0
    while done < len(view):
        count = os.preadv(file, [view[done:]], offset + done)
        if not count:
            break
        done += count
    return done


def next_data(file: int, offset: int) -> int:
    """Return where the first data are that do not lie before an offset.

    :returns: the end of the file if it ends with a hole; the offset itself
        where the file system cannot tell.
    """
    try:
        return os.lseek(file, offset, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            return offset
        return max(offset, os.fstat(file).st_size)


def next_hole(file: int, offset: int) -> int:
    """Return where the data end that are at an offset.

    :returns: the end of the file where the file system cannot tell.
    """
    try:
        return os.lseek(file, offset, os.SEEK_HOLE)
    except OSError:
        return max(offset, os.fstat(file).st_size)


def unlink(name: str, folder: int) -> None:
    """Delete a file if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def flush_folder(path: pathlib.Path) -> None:
    """Make the names in a folder durable.

    :raises OSError: that fails.
    """
    with opened_folder(path, None, follow=True) as folder:
        flush(folder)


def flush(folder: int) -> None:
    """Make the names in a folder durable.

    :param folder: descriptor.
    """
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems cannot flush folders.
        if error.errno != errno.EINVAL:
            raise


def require_plain(file: int) -> None:
    """Raise OSError if a descriptor is not of a plain file."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.EEXIST, 'it is not a plain file')


@contextlib.contextmanager
def troubles(place: object, verb: str) -> Iterator[None]:
    """Say what the operating system says, and how much room there is.

    :param place: a path, for messages.
    :param verb: that could not be done: ``written``.
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
    """Tell whether a file could not be written because there is no room."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _FULL


def free_bytes(folder: pathlib.Path) -> int:
    """Give how many bytes a user may still write.

    :param folder: need not be there yet: its nearest parent counts.
    :returns: bytes, without those that the file system keeps for root.
    :raises TargetError: the file system does not say.
    """
    try:
        found = os.statvfs(nearest(folder))
    except OSError as error:
        raise errors.TargetError(
            f'The free space of {folder} is not known: {error.strerror}.'
        ) from error
    return found.f_bavail * found.f_frsize


def nearest(folder: pathlib.Path) -> pathlib.Path:
    """Give a folder, or the nearest of those above it that is there."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return place
