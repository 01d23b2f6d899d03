# SPDX-License-Identifier: Apache-2.0
"""The interfaces of a download's source in the cloud."""

from contextlib import AbstractContextManager
from typing import Protocol


class Opened(Protocol):
    """A response of the service, read from its start to its end."""

    @property
    def start(self) -> int:
        """The offset of the first byte; 0 if the range was ignored."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, ``b''`` at the end of the response.

        :param size: the largest number of bytes. Fewer bytes before the end
            are allowed, but slower.
        :raises AnswerLost: if the connection breaks or is silent.
        """


class Source(Protocol):
    """A byte stream that does not change and can be opened many times."""

    def open(self, offset: int, /) -> AbstractContextManager[Opened]:
        """Request the bytes from an offset to the end.

        :param offset: 0 requests everything without a range, because some
            stores refuse every range.
        :returns: a response that begins at the offset, or at 0.
        :raises CloudError: with status 400, 416 or 500 if the service does not
            support ranges; with another one if it refuses.
        :raises AnswerLost: if there was no response.
        """
