# SPDX-License-Identifier: Apache-2.0
"""Upload a file of a set into the cloud, and hash it on the way.

The last block is held back until the hash of the whole file is right. So
the service never receives damaged data as a complete upload.
"""

from collections.abc import Callable, Iterator
import contextlib
import dataclasses

from backupclient import clocks
from backupclient import errors
from backupclient.model import copies
from backupclient.store import base
from backupclient.transfer import comparison

Opening = Callable[[base.Stream], Iterator[bytes]]
"""A function that yields the blocks to send for a file's bytes."""


def as_it_is(stream: base.Stream) -> Iterator[bytes]:
    """Yield the bytes of a file unchanged."""
    while block := stream.read(base.BLOCK):
        yield block


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """A file of a set as the body of a request.

    The class has no method ``read``: with it, urllib3 would not iterate over
    the blocks.

    :param files: the files of the set.
    :param file: the file to send.
    :param size: the number of bytes to send.
    :param sent_as: converts the file's bytes into the blocks to send, such as
        by decrypting them.
    """

    files: base.Files
    file: copies.FileRecord
    size: int
    clock: clocks.Clock
    progress: comparison.Progress
    sent_as: Opening = as_it_is

    def __len__(self) -> int:
        """Return the length in bytes for the request's header."""
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks to send.

        :raises TransferError: if the file does not match the manifest.
        :raises TargetError: if it cannot be read.
        """
        expected = comparison.Expected(
            self.file.size,
            'sha512',
            self.file.digests['sha512'],
            said_by='the manifest',
        )
        with (
            self.files.read(self.file.path) as stream,
            contextlib.closing(
                comparison.Tally(expected, self.progress)
            ) as tally,
        ):
            held = b''
            for block in self.sent_as(_Counted(stream, tally, self)):
                if held:
                    yield held
                held = block
            self._prove(tally)
            if held:
                yield held

    def _prove(self, tally: comparison.Tally) -> None:
        try:
            tally.prove()
        except comparison.Mismatch as error:
            raise self.damaged(error) from error

    def damaged(self, why: comparison.Mismatch) -> errors.TransferError:
        """Return the error for a file that does not match the manifest."""
        return errors.TransferError(
            f'{self.file.path} is damaged: {why}. {self.files.instead}'
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Counted:
    """A stream whose bytes are hashed while they are read."""

    stream: base.Stream
    tally: comparison.Tally
    body: Body

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, ``b''`` at the end."""
        self.body.clock.stop.check()
        block = self.stream.read(size)
        if block:
            try:
                self.tally.add(block)
            except comparison.Mismatch as error:
                raise self.body.damaged(error) from error
        return block
