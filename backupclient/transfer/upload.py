# SPDX-License-Identifier: Apache-2.0
"""Data on their way from a store into the cloud, hashed as they go.

The last block is held back until all that came is proved to be what the
manifest says: data that are damaged never arrive as a whole.
"""

from collections.abc import Callable, Iterator
import contextlib
from contextlib import AbstractContextManager
import dataclasses

from backupclient import clocks
from backupclient import errors
from backupclient.model import copies
from backupclient.store import base
from backupclient.transfer import comparison

Opening = Callable[[base.Stream], Iterator[bytes]]
"""Gives the blocks that are sent for the bytes of a file."""


def as_it_is(stream: base.Stream) -> Iterator[bytes]:
    """Give the bytes of a file as they are."""
    while block := stream.read(base.BLOCK):
        yield block


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """A file of a set, as the body of a request.

    :param opens: opens the file. (With a ``read`` of its own, urllib3 would
        not ask for blocks.)
    :param size: of what is sent, in bytes.
    :param sent_as: what is made of the bytes on the way.
    """

    opens: Callable[[], AbstractContextManager[base.Stream]]
    file: copies.FileRecord
    size: int
    clock: clocks.Clock
    progress: comparison.Progress
    sent_as: Opening = as_it_is

    def __len__(self) -> int:
        """Give the length in bytes, which is announced."""
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        """Give the blocks.

        :raises TransferError: the file is not what the manifest says.
        :raises TargetError: it cannot be read.
        """
        expected = comparison.Expected(
            self.file.size,
            'sha512',
            self.file.digests['sha512'],
            said_by='the manifest',
        )
        with (
            self.opens() as stream,
            contextlib.closing(
                comparison.Tally(expected, self.progress)
            ) as tally,
        ):
            held = b''
            for block in self.sent_as(_Counted(stream, tally, self.clock)):
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
            raise errors.TransferError(
                f'{self.file.path} is damaged: {error}. Restore this resource '
                'from another backup.'
            ) from error


@dataclasses.dataclass(frozen=True, slots=True)
class _Counted:
    """A stream whose bytes are hashed while they are read."""

    stream: base.Stream
    tally: comparison.Tally
    clock: clocks.Clock

    def read(self, size: int, /) -> bytes:
        """Read the next bytes."""
        self.clock.stop.check()
        block = self.stream.read(size)
        if block:
            try:
                self.tally.add(block)
            except comparison.Mismatch as error:
                raise errors.TransferError(
                    f'The file is damaged: {error}. Restore this resource '
                    'from another backup.'
                ) from error
        return block
