# SPDX-License-Identifier: Apache-2.0
"""Checking that others cannot read or replace a file of this machine."""

from collections.abc import Callable
import os
import pathlib
import stat

from backupclient import errors
from backupclient.store import base

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check(
    secrecy: base.Secrecy, path: pathlib.Path, folder: int
) -> Callable[[int], None] | None:
    """Check the folder of a file that is about to be written.

    The folder must not be a symbolic link, and must belong to this user or to
    root. If its group or others can write into it, it needs the sticky bit,
    such as ``/tmp`` has: then they cannot replace the file.

    :param secrecy: what the store has to guarantee.
    :param path: the path of the file.
    :param folder: the descriptor of the folder.
    :returns: a function that checks the file itself by its descriptor, and
        raises TargetError; None if the file needs no check.
    :raises TargetError: if others could replace the file.
    """
    if secrecy is base.Secrecy.NONE:
        return None
    if path.parent.is_symlink():
        raise errors.TargetError(
            f'{path.parent} is a symbolic link: name the folder that it '
            'stands for.'
        )
    _check_folder(path.parent, os.fstat(folder))
    if secrecy is base.Secrecy.SEALED:
        return None
    return lambda file: _check_file(path, os.fstat(file))


def _check_folder(path: pathlib.Path, status: os.stat_result) -> None:
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


def _check_file(path: pathlib.Path, status: os.stat_result) -> None:
    """Raise TargetError if others can read the file.

    Some file systems ignore the mode with which it was made.
    """
    if status.st_mode & _OTHERS:
        raise errors.TargetError(
            f'The file system of {path} does not keep others from reading '
            'the file: nothing secret is written there in the clear. Use '
            'another one, or encrypt with --encrypt-to.'
        )
