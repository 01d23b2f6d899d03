# SPDX-License-Identifier: Apache-2.0
"""Files of this machine that appear whole or not at all.

Everything that this program writes into files goes through here: data, keys,
manifests, plans, journals. A file is called ``<name>.part`` until it is whole
and flushed; then it gets its name, and its folder is flushed.
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
    """A file that has no name yet.

    :param folder: descriptor of its folder.
    :param name: that it shall have.
    :param file: its descriptor.
    """

    def __init__(self, folder: int, name: str, file: int) -> None:
        self.file = file
        self._folder = folder
        self._name = name
        self._is_new = False

    def keep(self, *, replace: bool) -> None:
        """Flush the file, give it its name, and flush the folder.

        :param replace: a plain file that has the name.
        :raises FileExistsError: something has the name.
        :raises OSError: it cannot be done.
        """
        os.fsync(self.file)
        if replace:
            _require_replaceable(self._name, self._folder)
            self._give_name(os.replace)
        else:
            self._give_new_name()
        localfile.flush(self._folder)

    def drop(self) -> None:
        """Take the file away, as far as that is possible.

        One that replaced another stays: that cannot be taken back.
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
            # A file system without hard links, as of many USB sticks. The
            # folder is this user's, so nobody makes that file just now.
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
    """Make a file, or open what an earlier try has left of it.

    Only the user may read it.

    :param folder: descriptor.
    :param anew: throw away what an earlier try has left.
    :raises OSError: that cannot be done, or something else has its name.
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
    """Write a small file.

    :param folder: descriptor.
    :param check: is given the descriptor of the empty file; what it raises
        ends it.
    :raises OSError: it cannot be written; nothing is left then.
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
    """Write a small file of this machine, in a folder that is there.

    :param replace: a plain file that has the name.
    :raises TargetError: it cannot be written; an older one is still there.
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
