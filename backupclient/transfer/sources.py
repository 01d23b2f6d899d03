# SPDX-License-Identifier: Apache-2.0
"""Where the bytes come from: what a download needs of the cloud."""

from contextlib import AbstractContextManager
from typing import Protocol


class Opened(Protocol):
    """One answer of the service, read from its start to its end."""

    @property
    def start(self) -> int:
        """The offset of the first byte; 0 when the range was ignored."""

    def read(self, size: int, /) -> bytes:
        """Read the next bytes.

        :param size: how many at most. A source that gives less than that
            before the end is right, but slower.
        :returns: the bytes, nothing at the end of the answer.
        :raises AnswerLost: when the connection breaks or is silent.
        """


class Source(Protocol):
    """A byte stream that does not change and can be opened many times."""

    def open(self, offset: int, /) -> AbstractContextManager[Opened]:
        """Ask for the bytes from an offset to the end.

        :param offset: 0 asks for everything, without a range: some stores
            refuse every range.
        :returns: what begins at the offset, or at 0.
        :raises CloudError: with status 400, 416 or 500 where the service
            cannot do ranges; any other for what it says.
        :raises AnswerLost: when there was no answer.
        """
