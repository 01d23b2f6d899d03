# SPDX-License-Identifier: Apache-2.0
"""Decrypt a LUKS disk with ``qemu-img``, which is faster than Python.

It works for LUKS 1 and for files of this machine only. The disk may be
malicious. So call this only after the header was checked and opened with the
passphrase: then the disk can make ``qemu-img`` neither read another file nor
derive a key for hours.
"""

from collections.abc import Iterator
from concurrent import futures
import contextlib
import os
import shutil

from backupclient import stops
from backupclient.operations import limited
from backupclient.sets import digests
from backupclient.store import base
from backupclient.store import localfile
from backupclient.transfer import copying

_PROGRAM = 'qemu-img'
_MEMORY_KIB = 2 << 20
_SECONDS = 3600
"""The time limit, without the time for the size of the disk."""

_SLOWEST = 1 << 20
"""Bytes per second, by which the time limit grows with the disk."""

# A pipe always accepts this many bytes without a reader (PIPE_BUF).
_LONGEST = 4096
_SECTOR = 512
"""Bytes. A disk with an incomplete last sector is left to the caller."""


def copy(
    source: copying.Source,
    target: base.Files,
    path: str,
    passphrase: bytes,
    size: int,
    *,
    stop: stops.Stop,
    progress: copying.Progress,
) -> bool:
    """Decrypt a disk into a new file, as ``copying.copy`` does.

    :param passphrase: the proved passphrase of a LUKS 1 disk.
    :param size: the size of the whole decrypted disk, in bytes.
    :returns: False if ``qemu-img`` is missing or fails, or is not usable for
        this disk; then no file is left, and the caller can decrypt itself.
    :raises TransferError: if the sha512 or the size of the disk is wrong.
    :raises TargetError: if a file cannot be read or written.
    :raises Interrupted: if the thread is to stop.
    """
    program = shutil.which(_PROGRAM)
    if not program or size % _SECTOR or len(passphrase) > _LONGEST:
        return False
    copying.require_free(target, path)
    with (
        source.files.opened(source.path) as disk,
        target.write(path, size, anew=True) as writer,
    ):
        if disk is None or writer.file is None:
            writer.abort()
            return False
        try:
            writer.hole(0, size)
            with localfile.troubles(f'{target.name}/{path}', 'written'):
                os.ftruncate(writer.file, size)
            with _hashed_beside(source, stop, progress) as hashing:
                done = _convert(program, disk, writer.file, passphrase, stop)
                if done:
                    sha512, read = hashing.result()
                    copying.require_right(source, read, sha512)
                    writer.commit()
        except BaseException:
            writer.abort()
            raise
        if not done:
            writer.abort()
    return done


@contextlib.contextmanager
def _hashed_beside(
    source: copying.Source, stop: stops.Stop, progress: copying.Progress
) -> Iterator['futures.Future[tuple[str, int]]']:
    """Hash a file in a thread while the ``with`` block runs.

    So the file is read twice, the second time mostly from the page cache.
    """
    ended = stops.Stop()

    def heard(done: int) -> None:
        stop.check()
        progress(done, source.size)

    with futures.ThreadPoolExecutor(1, 'hash') as pool:
        try:
            yield pool.submit(
                digests.sha512, source.files, source.path, heard, ended
            )
        finally:
            ended.ask()


def _convert(
    program: str, disk: int, plain: int, passphrase: bytes, stop: stops.Stop
) -> bool:
    """Run ``qemu-img convert``, and return whether it succeeded.

    :param disk: a descriptor of the encrypted disk.
    :param plain: a descriptor of a file of zeros with the size of the
        decrypted disk.
    """
    size = os.fstat(plain).st_size
    limits = limited.Limits(_MEMORY_KIB, _SECONDS + size // _SLOWEST, size)
    with _piped(passphrase) as secret:
        code, _ = limited.run(
            [
                *(program, 'convert', '-n', '--target-is-zero', '--object'),
                f'secret,id=key,format=raw,file=/dev/fd/{secret}',
                '--image-opts',
                f'driver=luks,key-secret=key,{_file(disk)}',
                '--target-image-opts',
                f'driver=raw,{_file(plain)}',
            ],
            (disk, plain, secret),
            limits,
            stop,
        )
    return code == 0


def _file(descriptor: int) -> str:
    return (
        f'file.driver=file,file.locking=off,file.filename=/dev/fd/{descriptor}'
    )


@contextlib.contextmanager
def _piped(secret: bytes) -> Iterator[int]:
    """Yield the reading end of a pipe that holds a secret."""
    reading, writing = os.pipe()
    try:
        try:
            os.write(writing, secret)
        finally:
            os.close(writing)
        yield reading
    finally:
        os.close(reading)
