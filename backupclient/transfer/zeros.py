# SPDX-License-Identifier: Apache-2.0
"""Find the zeros in a stream, so that they become holes."""

from collections.abc import Iterator

from backupclient.store import base

_GRAIN = 4096
_ZEROS = bytes(_GRAIN)
_ZERO_BLOCK = bytes(base.BLOCK)


class Sink:
    """Writes a stream, its zeros as holes.

    :param holes: what the store can do; without, all is written as it comes.
    """

    def __init__(self, writer: base.Writer, *, holes: bool) -> None:
        self._writer = writer
        self._holes = holes

    def write(self, offset: int, block: bytes) -> None:
        """Write a block.

        :param offset: where all blocks before it have ended.
        :raises TargetError: it cannot be written.
        """
        if not self._holes:
            self._writer.data(offset, block)
            return
        view, at = memoryview(block), 0
        for begin, end in runs(offset, block):
            self._hole(offset + at, begin - at)
            self._writer.data(offset + begin, view[begin:end])
            at = end
        self._hole(offset + at, len(block) - at)

    def _hole(self, offset: int, length: int) -> None:
        if length:
            self._writer.hole(offset, length)


def runs(offset: int, block: bytes) -> Iterator[tuple[int, int]]:
    """Find what is not zero, by the grains of file systems.

    :param offset: of the block in the file.
    :returns: begin and end in the block of each run of data.
    """
    if block == _ZERO_BLOCK:
        return
    behind = 0
    for begin, end in _zero_grains(offset, block):
        if behind < begin:
            yield behind, begin
        behind = end
    if behind < len(block):
        yield behind, len(block)


def _zero_grains(offset: int, block: bytes) -> Iterator[tuple[int, int]]:
    """Find the grains that are zero.

    At both ends of the block a part of a grain counts as well: the rest of it
    may be zeros too.
    """
    first = min(len(block), -offset % _GRAIN)
    if first and block.startswith(_ZEROS[:first]):
        yield 0, first
    # Most grains do not begin with a zero; one search passes over them.
    heads = block[first::_GRAIN]
    number = heads.find(0)
    while number >= 0:
        begin = first + number * _GRAIN
        end = min(len(block), begin + _GRAIN)
        if block.startswith(_ZEROS[: end - begin], begin):
            yield begin, end
        number = heads.find(0, number + 1)
