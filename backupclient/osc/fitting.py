# SPDX-License-Identifier: Apache-2.0
"""The columns of a table, and their widths.

Names are shortened first. Then columns shrink: their lines are broken between
words and, in a few columns, after hyphens. Only a name's words that are too
long are broken. A table that would break others does not fit.
"""

from collections.abc import Sequence
import dataclasses

from backupclient.osc import wrapping

_BETWEEN = 3
"""The cells between two columns: a line with a blank on each side."""

_LONGEST_NAME = 48
_LONGEST_WORD = 24
"""Longer words of names are broken or shortened."""

_NAME_LINES = 3
_HYPHENS = frozenset({'Name', 'Run', 'Procedure', 'Consistency'})

# The columns that shrink, in this order, with the smallest number of cells. A
# column never shrinks below its longest word.
_BLANKS = (
    ('Notes', 40),
    ('Name', 20),
    ('Value', 0),
    ('Age', 0),
    ('Step', 0),
    ('Result', 0),
    ('Captured', 0),
    ('Verified', 0),
)
_HYPHENATED = (
    *_BLANKS,
    ('Consistency', 0),
    ('Procedure', 0),
    ('Notes', 30),
    ('Name', 8),
)
_LAST_RESORT = (*_HYPHENATED, ('Run', 17))
"""As the last resort, the IDs of runs are broken after their hyphen."""

_ATTEMPTS = (
    (True, _BLANKS),
    (False, _BLANKS),
    (True, _HYPHENATED),
    (False, _HYPHENATED),
    (False, _LAST_RESORT),
)
"""The attempts to fit, the best first: whether there is a border on both
sides, and the columns that shrink."""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    :param texts: the texts of its cells, each with one or more lines.
    :param right: True to align the texts to the right.
    :param short: True to shorten texts that are too long, False to wrap them.
    """

    name: str
    texts: tuple[str, ...]
    right: bool = False
    short: bool = False

    @property
    def natural(self) -> int:
        """The width at which no line is broken."""
        lines = (line for text in self.texts for line in text.split('\n'))
        return max(map(wrapping.width, (self.name, *lines)))

    def least(self, *, last_resort: bool) -> int:
        """Return the width at which no word is broken.

        :param last_resort: True to also break the IDs of runs.
        """
        hyphens = self.name in _HYPHENS and (last_resort or self.name != 'Run')
        widths = (
            wrapping.width(word)
            for text in (self.name, *self.texts)
            for word in wrapping.words(text, hyphens=hyphens)
        )
        return max(
            width
            for width in widths
            if not self.short or width <= _LONGEST_WORD
        )

    def lines(self, text: str, room: int) -> list[str]:
        """Return a text of this column, broken into lines that fit."""
        hyphens = self.name in _HYPHENS
        found = [
            line
            for each in text.split('\n')
            for line in wrapping.wrap(each, room, hyphens=hyphens)
        ]
        cells = _NAME_LINES * room
        if self.short and wrapping.width(text) > cells:
            while len(found) > _NAME_LINES:
                short = wrapping.shorten(text, cells)
                found = wrapping.wrap(short, room, hyphens=hyphens)
                cells -= 1
        return found


def columns(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    *,
    brief: bool,
) -> list[Column]:
    """Return the columns of a table.

    :param rows: the texts of the cells.
    :param numbers: for each column, whether its cells are numbers.
    :param brief: True to shorten long names.
    """
    return [
        Column(
            name,
            tuple(row[index] for row in rows),
            right=numbers[index],
            short=brief and name == 'Name',
        )
        for index, name in enumerate(names)
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Fit:
    """The layout of a table that fits.

    :param widths: the width of each column in cells.
    :param framed: True for a border on both sides.
    """

    widths: tuple[int, ...]
    framed: bool = True


def fit(found: Sequence[Column], room: int | None) -> Fit | None:
    """Return a layout that fits a line.

    :param room: the cells of a line, None for lines of any length.
    :returns: None if the table cannot fit.
    """
    if room is None:
        return Fit(tuple(each.natural for each in found))
    inner = room - _BETWEEN * (len(found) - 1)
    for framed, ways in _ATTEMPTS:
        widths = _shrunk(found, inner - 4 * framed, ways)
        if widths is not None:
            return Fit(widths, framed)
    return None


def _shrunk(
    found: Sequence[Column], room: int, ways: Sequence[tuple[str, int]]
) -> tuple[int, ...] | None:
    widths = [
        min(each.natural, _LONGEST_NAME) if each.short else each.natural
        for each in found
    ]
    for name, asked in ways:
        for index, each in enumerate(found):
            if each.name == name:
                words = each.least(last_resort=ways is _LAST_RESORT)
                least = max(words, asked)
                excess = max(sum(widths) - room, 0)
                widths[index] -= max(0, min(excess, widths[index] - least))
    return tuple(widths) if sum(widths) <= room else None
