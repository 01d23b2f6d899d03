# SPDX-License-Identifier: Apache-2.0
"""Write a stream with its zeros as holes."""

from collections.abc import Iterator

from backupclient.store import base

_GRAIN = 4096
_ZEROS = bytes(_GRAIN)
_ZERO_BLOCK = bytes(base.BLOCK)


class Sink:
    """Writes a stream with its zeros as holes.

    :param holes: whether the store supports holes; if not, zeros are written
        as data.
    """

    def __init__(self, writer: base.Writer, *, holes: bool) -> None:
        self._writer = writer
        self._holes = holes

    def write(self, offset: int, block: bytes) -> None:
        """Write a block.

        :param offset: the block's offset; the previous block ended there.
        :raises TargetError: if it cannot be written.
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
    """Yield the runs of data in a block, without 4 KiB grains of zeros.

    File systems store holes in such grains.

    :param offset: the block's offset in the file.
    :returns: begin and end of each run, relative to the block.
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
    """Yield begin and end of each grain that is zero.

    Partial grains at both ends of the block count too: the rest of the grain,
    in another block, may also be zero.
    """
    first = min(len(block), -offset % _GRAIN)
    if first and block.startswith(_ZEROS[:first]):
        yield 0, first
    # Fast: most grains do not begin with a zero byte, and one search over
    # the first bytes of all grains skips them.
    heads = block[first::_GRAIN]
    number = heads.find(0)
    while number >= 0:
        begin = first + number * _GRAIN
        end = min(len(block), begin + _GRAIN)
        if block.startswith(_ZEROS[: end - begin], begin):
            yield begin, end
        number = heads.find(0, number + 1)
