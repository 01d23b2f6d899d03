# SPDX-License-Identifier: Apache-2.0
"""Write keys and secrets to files that only their owner can read."""

from collections.abc import Iterator
import contextlib
import errno
import os
import pathlib
import stat

from backupclient import errors

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_new(
    path: pathlib.Path, data: bytes, *, sealed: bool = False
) -> None:
    """Write a file with mode 0600 that was not there, and flush it.

    It has its name when it is whole: a kill leaves ``<name>.part``.

    Its folder must be no symbolic link, belong to this user or to root, and
    where its group or others can write into it, have the sticky bit, as
    ``/tmp`` has: then they cannot replace the file.

    :param sealed: the data are encrypted: a file system that does not keep
        the mode, as of many USB sticks, will do.
    :raises TargetError: when that is not possible; nothing is left then.
    """
    try:
        with _open_folder(path.parent) as folder:
            part = f'{path.name}.part'
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)
            descriptor = os.open(part, _NEW, 0o600, dir_fd=folder)
            name = part
            try:
                with open(descriptor, 'wb') as file:
                    _check_file(path, os.fstat(descriptor), sealed)
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                _give_name(part, path.name, folder)
                name = path.name
                os.fsync(folder)
            except BaseException:
                os.unlink(name, dir_fd=folder)
                raise
    except FileExistsError:
        raise errors.TargetError(
            f'{path} is there already and is not replaced: move it away or '
            'give another name.'
        ) from None
    except OSError as failure:
        raise errors.TargetError(
            f'{path} cannot be written: {failure.strerror}.'
        ) from failure


def _give_name(part: str, name: str, folder: int) -> None:
    """Rename a file, unless there is one with that name.

    :raises FileExistsError: then.
    """
    try:
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links, as of many USB sticks. The folder
        # is this user's, so nobody else makes that file just now.
        if name in os.listdir(folder):
            raise FileExistsError(
                errno.EEXIST, 'There already', name
            ) from None
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(part, dir_fd=folder)


def remove(path: pathlib.Path) -> None:
    """Delete a file, if it is there.

    :raises TargetError: when that is not possible.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as failure:
        raise errors.TargetError(
            f'{path} cannot be deleted: {failure.strerror}.'
        ) from failure


@contextlib.contextmanager
def _open_folder(path: pathlib.Path) -> Iterator[int]:
    """Hold a folder open, so that what was checked is what is used."""
    if path.is_symlink():
        raise errors.TargetError(
            f'{path} is a symbolic link: name the folder that it stands for.'
        )
    descriptor = os.open(path, _FOLDER)
    try:
        _check_folder(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _check_folder(path: pathlib.Path, status: os.stat_result) -> None:
    """Refuse a folder in which others could replace our file."""
    if status.st_uid not in (0, os.geteuid()):
        raise errors.TargetError(
            f'{path} belongs to another user: nothing secret is written '
            'there. Use a folder of your own.'
        )
    if status.st_mode & _OTHERS_WRITE and not status.st_mode & stat.S_ISVTX:
        raise errors.TargetError(
            f'Others can write into {path}: nothing secret is written there. '
            'Use another folder, or "chmod go-w" this one.'
        )


def _check_file(
    path: pathlib.Path, status: os.stat_result, sealed: bool
) -> None:
    """Refuse a file system that does not keep others out."""
    if status.st_mode & _OTHERS and not sealed:
        raise errors.TargetError(
            f'The file system of {path} does not keep others from reading '
            'the file: nothing secret is written there in the clear. Use '
            'another one, or encrypt with --encrypt-to.'
        )
