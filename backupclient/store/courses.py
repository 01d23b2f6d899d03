# SPDX-License-Identifier: Apache-2.0
"""The position in a file that is being written, for all writers."""

from backupclient import errors


class Course:
    """The position of a writer. It only moves forwards.

    :param path: the path of the file, for messages.
    :param size: the size of the complete file, None if it is not known.
    :param end: the number of bytes that are written already.
    """

    def __init__(self, path: str, size: int | None, end: int) -> None:
        self.path = path
        self.end = end
        self._size = size

    def advance(self, offset: int, length: int) -> None:
        """Move the position behind the next bytes.

        :raises ValueError: if the offset is not the present position.
        """
        if offset != self.end or length < 0:
            raise ValueError(f'{self.path}: {offset} does not follow')
        self.end += length

    def require_end(self) -> None:
        """Raise TargetError unless the file has the expected size."""
        if self._size not in (None, self.end):
            raise errors.TargetError(
                f'{self.path} has {self.end:,} bytes instead of '
                f'{self._size:,}: it is not kept.'
            )
