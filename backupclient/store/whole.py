# SPDX-License-Identifier: Apache-2.0
"""Atomic writes of files of this machine.

All files of this program are written here: data, keys, manifests, plans and
journals. A file is called ``<name>.part`` until it is complete and flushed.
Then it gets its name, and its folder is flushed.
"""

from collections.abc import Callable, Iterator
import contextlib
import errno
import os
import pathlib
import stat

from backupclient.store import base
from backupclient.store import localfile


class Pending:
    """A part file, which does not have its final name yet.

    :param folder: the descriptor of its folder.
    :param name: the final name.
    :param file: the descriptor of the file.
    """

    def __init__(self, folder: int, name: str, file: int) -> None:
        self.file = file
        self._folder = folder
        self._name = name
        self._is_new = False

    def keep(self, *, replace: bool) -> None:
        """Flush the file, give it its name, and flush the folder.

        :param replace: replace a plain file that has the name.
        :raises FileExistsError: if the name exists and must not be replaced.
        :raises OSError: if that fails.
        """
        os.fsync(self.file)
        if replace:
            _require_replaceable(self._name, self._folder)
            self._give_name(os.replace)
        else:
            self._give_new_name()
        localfile.flush(self._folder)

    def drop(self) -> None:
        """Delete the file. Errors are ignored.

        If it has replaced another file, it stays: the older file is lost.
        """
        with contextlib.suppress(OSError):
            os.unlink(self._name + base.PART, dir_fd=self._folder)
        if self._is_new:
            with contextlib.suppress(OSError):
                os.unlink(self._name, dir_fd=self._folder)

    def _give_new_name(self) -> None:
        try:
            self._give_name(os.link)
        except FileExistsError:
            raise
        except OSError:
            # The file system has no hard links, such as on many USB sticks.
            # Check and rename: only this user can write to the folder, so
            # nobody makes that file in between.
            if _mode(self._name, self._folder) is not None:
                raise FileExistsError(
                    errno.EEXIST, 'It is there already', self._name
                ) from None
            self._give_name(os.rename)
            self._is_new = True
        else:
            self._is_new = True
            os.unlink(self._name + base.PART, dir_fd=self._folder)

    def _give_name(self, way: Callable[..., None]) -> None:
        way(
            self._name + base.PART,
            self._name,
            src_dir_fd=self._folder,
            dst_dir_fd=self._folder,
        )


@contextlib.contextmanager
def pending(folder: int, name: str, *, anew: bool) -> Iterator[Pending]:
    """Make a part file, or open the part file of an earlier try.

    Only the user may read it.

    :param folder: the descriptor of the folder.
    :param name: the final name of the file.
    :param anew: delete the part file of an earlier try first.
    :raises OSError: if that fails, or if the part file is not a plain file.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    if anew:
        flags |= os.O_EXCL
        localfile.unlink(name + base.PART, folder)
    file = os.open(name + base.PART, flags, 0o600, dir_fd=folder)
    try:
        localfile.require_plain(file)
        yield Pending(folder, name, file)
    finally:
        os.close(file)


def put_in(
    folder: int,
    name: str,
    data: bytes,
    *,
    replace: bool,
    check: Callable[[int], None] | None = None,
) -> None:
    """Write a small file atomically.

    :param folder: the descriptor of the folder.
    :param replace: replace a plain file that has the name.
    :param check: is called with the descriptor of the empty file. An
        exception that it raises prevents the write.
    :raises OSError: if it cannot be written; then nothing is left of it.
    """
    with pending(folder, name, anew=True) as new:
        try:
            if check:
                check(new.file)
            localfile.write_at(new.file, 0, data)
            new.keep(replace=replace)
        except BaseException:
            new.drop()
            raise


def put(path: pathlib.Path, data: bytes, *, replace: bool = True) -> None:
    """Write a small file of this machine atomically. Its folder must exist.

    :param replace: replace a plain file that has the name.
    :raises TargetError: if it cannot be written; an older file still exists.
    """
    with (
        localfile.troubles(path, 'written'),
        localfile.opened_folder(path.parent, None, follow=True) as folder,
    ):
        put_in(folder, path.name, data, replace=replace)


def _require_replaceable(name: str, folder: int) -> None:
    mode = _mode(name, folder)
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, 'Something else has this name', name)


def _mode(name: str, folder: int) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
