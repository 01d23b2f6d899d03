# SPDX-License-Identifier: Apache-2.0
"""The part file: what a download is called until it is whole.

It is written strictly forwards and zeros are passed over, so up to its length
it holds what was received: after a kill, a continued download may begin
there. After a power cut the file system may have lost data before the end;
the final hash finds that.
"""

from collections.abc import Iterator
import contextlib
import errno
import os
import pathlib
import stat

from backupclient import errors
from backupclient.transfer import room

SUFFIX = '.part'
BLOCK = 512 << 10
_GRAIN = 4096
_ZEROS = bytes(_GRAIN)
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Part:
    """An open part file.

    :param destination: the final path.
    :param folder: descriptor of the destination's folder.
    :param file: descriptor of the part file.
    """

    def __init__(
        self, destination: pathlib.Path, folder: int, file: int
    ) -> None:
        self.destination = destination
        self._folder = folder
        self._file = file

    @property
    def length(self) -> int:
        """How many bytes are there; zeros after them are yet to come."""
        return os.fstat(self._file).st_size

    def blocks(self) -> Iterator[bytes]:
        """Read what is there, from the start."""
        return _blocks(self._file, self.destination)

    def write(self, offset: int, block: bytes) -> None:
        """Put a block where it belongs and leave holes for its zeros.

        :param offset: where all blocks before it have ended.
        :raises TargetError: when it cannot be written.
        """
        view = memoryview(block)
        with _troubles(self.destination):
            for begin, end in _data(offset, block):
                while begin < end:
                    begin += os.pwrite(
                        self._file, view[begin:end], offset + begin
                    )

    def clear(self) -> None:
        """Forget what is there."""
        with _troubles(self.destination):
            os.ftruncate(self._file, 0)

    def finish(self, size: int) -> None:
        """Give the file its size and its name, and both to the disk.

        :raises TargetError: when something has that name, or it fails.
        """
        name = self.destination.name
        with _troubles(self.destination):
            os.ftruncate(self._file, size)
            os.fsync(self._file)
            _require_none(self.destination)
            os.rename(
                name + SUFFIX,
                name,
                src_dir_fd=self._folder,
                dst_dir_fd=self._folder,
            )
            _flush_folder(self._folder)
            _require_same(self._file, self.destination)


@contextlib.contextmanager
def opened(destination: pathlib.Path) -> Iterator[Part]:
    """Make the part file of a destination, or open the one that is there.

    Only the user may read it. Links are not followed.

    :param destination: the final path, in a folder that is there.
    :raises TargetError: when there is no such folder, or no such file can be
        made, or something else has its name.
    """
    with contextlib.ExitStack() as stack:
        with _troubles(destination):
            folder = os.open(
                destination.parent,
                os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
            )
            stack.callback(os.close, folder)
            file = os.open(
                destination.name + SUFFIX,
                os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW,
                mode=0o600,
                dir_fd=folder,
            )
            stack.callback(os.close, file)
            _require_plain(file)
        yield Part(destination, folder, file)


@contextlib.contextmanager
def finished(destination: pathlib.Path) -> Iterator[Iterator[bytes]]:
    """Read the file that has the final name.

    :raises TargetError: when it is not a plain file, or cannot be read.
    """
    with contextlib.ExitStack() as stack:
        with _troubles(destination):
            file = os.open(
                destination, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            )
            stack.callback(os.close, file)
            _require_plain(file)
        yield _blocks(file, destination)


def discard(destination: pathlib.Path) -> None:
    """Delete the part file of a destination, if there is one.

    :raises TargetError: when it cannot be deleted.
    """
    with _troubles(destination):
        destination.with_name(destination.name + SUFFIX).unlink(
            missing_ok=True
        )


def withdraw(destination: pathlib.Path) -> None:
    """Delete what a download has left, whether it came to its end or not.

    :raises TargetError: when it cannot be deleted.
    """
    discard(destination)
    with _troubles(destination):
        destination.unlink(missing_ok=True)


def _blocks(file: int, destination: pathlib.Path) -> Iterator[bytes]:
    offset = 0
    while True:
        with _troubles(destination):
            block = os.pread(file, BLOCK, offset)
        if not block:
            return
        yield block
        offset += len(block)


def _data(offset: int, block: bytes) -> Iterator[tuple[int, int]]:
    """Find what is not zero, by the grains of the file system.

    :param offset: of the block in the file.
    :returns: begin and end in the block of each run of data.
    """
    begin = at = 0
    end = min(len(block), _GRAIN - offset % _GRAIN)
    while at < len(block):
        if block.startswith(_ZEROS[: end - at], at):
            if begin < at:
                yield begin, at
            begin = end
        at, end = end, min(len(block), end + _GRAIN)
    if begin < at:
        yield begin, at


def _require_plain(file: int) -> None:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.EEXIST, 'it is not a plain file')


def _require_none(path: pathlib.Path) -> None:
    if os.path.lexists(path):
        raise OSError(errno.EEXIST, 'something was put there meanwhile')


def _require_same(file: int, path: pathlib.Path) -> None:
    """Refuse a file that is no longer where its path leads."""
    if not os.path.samestat(os.fstat(file), os.lstat(path)):
        raise OSError(errno.ENOENT, 'its folder was taken away meanwhile')


def _flush_folder(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        # Some network file systems cannot flush folders.
        if error.errno != errno.EINVAL:
            raise


@contextlib.contextmanager
def _troubles(destination: pathlib.Path) -> Iterator[None]:
    """Say what the operating system says, and how much room there is."""
    try:
        yield
    except OSError as error:
        text = f'{destination} cannot be used: {error.strerror}.'
        if error.errno in _FULL:
            free = room.free_bytes(destination.parent)
            text += f' {free:,} bytes are free; make room and try again.'
        raise errors.TargetError(text) from error
