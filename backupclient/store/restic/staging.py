# SPDX-License-Identifier: Apache-2.0
"""Keeping small files until their snapshot is made, in a folder in memory.

Keys may be among them, so they must not be written to a disk. The folder of a
killed process is deleted by the next process.
"""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib
import shutil
import stat
import tempfile
import weakref

from backupclient import errors
from backupclient.store import localfile

PREFIX = 'openstack-backup-restic-'
_SHARED_MEMORY = pathlib.Path('/dev/shm')  # noqa: S108 - a folder of its own
_TRIES = 3


class Staging:
    """Files by their paths, in a folder that is deleted with this object."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._folder: pathlib.Path | None = None
        self._end: weakref.finalize[..., Staging] | None = None

    def __contains__(self, path: str) -> bool:
        return path in self._sizes

    def __bool__(self) -> bool:
        return bool(self._sizes)

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of the files in bytes, by their paths."""
        return dict(self._sizes)

    @property
    def folder(self) -> pathlib.Path:
        """The folder with the files, which is made when it is needed."""
        if self._folder is None:
            self._folder, lock = _made()
            self._end = weakref.finalize(self, _remove, self._folder, lock)
        return self._folder

    def put(self, path: str, data: bytes) -> None:
        """Write a file. An older one with this path is replaced.

        :raises TargetError: if it cannot be written, as when memory is full.
        """
        place = self.folder / path
        with localfile.troubles(place, 'written'):
            place.parent.mkdir(0o700, parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                localfile.write_at(file, 0, data)
            finally:
                os.close(file)
        self._sizes[path] = len(data)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        with localfile.troubles(self.folder / path, 'read'):
            return (self.folder / path).read_bytes()

    def remove(self, path: str) -> None:
        """Delete a file if it exists."""
        if self._sizes.pop(path, None) is not None:
            (self.folder / path).unlink(missing_ok=True)

    def close(self) -> None:
        """Delete all files and the folder."""
        self._sizes.clear()
        if self._end is not None:
            self._end()
            self._folder = self._end = None


def _remove(folder: pathlib.Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def spaces() -> Iterator[pathlib.Path]:
    """Yield the folders in memory that this user may write to."""
    runtime = os.environ.get('XDG_RUNTIME_DIR', '')
    for place in (pathlib.Path(runtime or os.devnull), _SHARED_MEMORY):
        if (
            place.is_absolute()
            and place.is_dir()
            and os.access(place, os.W_OK)
        ):
            yield place


def sweep() -> None:
    """Delete the folders of killed processes."""
    for folder in found():
        with contextlib.suppress(OSError):
            _sweep(folder)


def found() -> Iterator[pathlib.Path]:
    """Yield the folders of all processes."""
    for space in spaces():
        yield from space.glob(f'{PREFIX}*')


def _sweep(folder: pathlib.Path) -> None:
    """Delete a folder unless a process uses it or another user owns it.

    A process that uses its folder has locked it.
    """
    info = os.lstat(folder)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        return
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _is_kept(folder: pathlib.Path, lock: int) -> bool:
    """Lock a folder, and return False if a process has just deleted it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return folder.is_dir()
    except OSError:
        return False


def _made() -> tuple[pathlib.Path, int]:
    """Make a folder that only this user can read.

    :returns: the folder, and the descriptor with the lock that keeps other
        processes from deleting it.
    :raises TargetError: if there is no place in memory.
    """
    for space in _TRIES * tuple(spaces()):
        with contextlib.suppress(OSError):
            folder = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=space))
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            if _is_kept(folder, lock):
                return folder, lock
            os.close(lock)
    raise errors.TargetError(
        'There is no private place in memory for small files: neither '
        f'$XDG_RUNTIME_DIR nor {_SHARED_MEMORY} can be written to.'
    )
