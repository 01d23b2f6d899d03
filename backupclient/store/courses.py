# SPDX-License-Identifier: Apache-2.0
"""What all writers keep: how far they are."""

from backupclient import errors


class Course:
    """Where a writer is: it goes forwards only, and ends where it should.

    :param path: of the file, for messages.
    :param size: of the whole file, None when it is not known.
    :param end: the bytes that are there.
    """

    def __init__(self, path: str, size: int | None, end: int) -> None:
        self.path = path
        self.end = end
        self._size = size

    def advance(self, offset: int, length: int) -> None:
        """Count bytes that follow.

        :raises ValueError: they are not the next ones.
        """
        if offset != self.end or length < 0:
            raise ValueError(f'{self.path}: {offset} does not follow')
        self.end += length

    def require_end(self) -> None:
        """Raise TargetError unless the file is as long as was announced."""
        if self._size not in (None, self.end):
            raise errors.TargetError(
                f'{self.path} has {self.end:,} bytes instead of '
                f'{self._size:,}: it is not kept.'
            )
