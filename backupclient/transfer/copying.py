# SPDX-License-Identifier: Apache-2.0
"""Copy a file out of a backup set; hash it and optionally decrypt it."""

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
from typing import Protocol

from backupclient import errors
from backupclient import stops
from backupclient.store import base
from backupclient.transfer import hasher
from backupclient.transfer import zeros

Progress = Callable[[int, int | None], None]

_ZEROS = bytes(base.BLOCK)


class Decrypter(Protocol):
    """Decrypts a file in a stream."""

    def feed(self, block: bytes, /) -> bytes:
        """Take the file's next bytes; return newly decrypted bytes."""

    def end(self) -> None:
        """Raise BackupError if the file ended too early.

        Called after the last block.
        """


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A file of a backup set, with its recorded size and hash.

    :param size: in bytes.
    :param sha512: hexadecimal.
    """

    files: base.Files
    path: str
    size: int
    sha512: str

    @property
    def name(self) -> str:
        """The file, for messages."""
        return f'{self.files.name}/{self.path}'


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """How a file is decrypted.

    :param size: the size of the result in bytes; further bytes are dropped.
    """

    decrypter: Decrypter
    size: int


def copy(
    source: Source,
    target: base.Files,
    path: str,
    *,
    stop: stops.Stop,
    progress: Progress,
    plain: Plain | None = None,
) -> None:
    """Copy a file. The result appears only if the source's hash is right.

    The whole source is read and hashed before decryption, including bytes that
    the result leaves out. Runs of zeros in the result become holes if the
    target supports them.

    :param path: the path of the result; an existing file is not replaced.
    :param progress: called for each block with the bytes so far and in total.
    :param plain: how to decrypt the bytes; None to copy them unchanged.
    :raises TransferError: if the source differs from its recorded size or
        hash.
    :raises TargetError: if the file cannot be read, or the result cannot be
        written.
    :raises Interrupted: if the thread is to stop.
    """
    require_free(target, path)
    size = plain.size if plain else source.size
    with target.write(path, size, anew=True) as writer:
        try:
            sink = zeros.Sink(writer, holes=target.can.holes)
            _fill(source, sink, plain, stop, progress)
            writer.commit()
        except BaseException:
            writer.abort()
            raise


def require_free(target: base.Files, path: str) -> None:
    """Raise TargetError if the path of a result exists."""
    if target.stat(path) is not None:
        raise errors.TargetError(
            f'{target.name}/{path} is there already and is not replaced. '
            'Move it away, or choose another folder.'
        )


def _fill(
    source: Source,
    sink: zeros.Sink,
    plain: Plain | None,
    stop: stops.Stop,
    progress: Progress,
) -> None:
    read = written = 0
    with (
        source.files.read(source.path) as stream,
        contextlib.closing(hasher.Hasher(['sha512'])) as hashing,
    ):
        for block in _blocks(stream):
            stop.check()
            hashing.update(block)
            read += len(block)
            if read > source.size:
                break
            result = _result(block, plain, written)
            sink.write(written, result)
            written += len(result)
            progress(read, source.size)
        require_right(source, read, hashing.digests()['sha512'])
    if plain:
        plain.decrypter.end()


def _blocks(stream: base.FileStream) -> Iterator[bytes]:
    """Yield a file's blocks; holes are zeros that are not read."""
    while True:
        if count := stream.pass_hole(base.BLOCK):
            yield _ZEROS[:count]
        elif block := stream.read(base.BLOCK):
            yield block
        else:
            return


def _result(block: bytes, plain: Plain | None, written: int) -> bytes:
    """Return the result's bytes for a block of the source."""
    if plain is None:
        return block
    return plain.decrypter.feed(block)[: plain.size - written]


def require_right(source: Source, size: int, sha512: str) -> None:
    """Raise TransferError if the bytes differ from the recorded facts.

    :param size: the number of bytes that were read.
    :param sha512: their hash.
    """
    if size > source.size:
        wrong = f'it has more than the {source.size:,} bytes that it had'
    elif size < source.size:
        wrong = f'it has {size:,} bytes instead of {source.size:,}'
    elif sha512 != source.sha512:
        wrong = 'its hash is another'
    else:
        return
    raise errors.TransferError(
        f'{source.name} is damaged: {wrong}. No file was made of it. '
        f'{source.files.instead}'
    )
