# SPDX-License-Identifier: Apache-2.0
"""The columns of a table, and how wide each may be.

Names give way first: they can be shortened. Then lines are broken at words
and, in a few columns, behind hyphens. Nothing else is broken.
"""

from collections.abc import Sequence
import dataclasses

from backupclient.osc import wrapping

_BETWEEN = 3
"""Cells between two columns: a line, and a blank at each side."""

_LONGEST_NAME = 48
_LONGEST_WORD = 24
_NAME_LINES = 3
_HYPHENS = frozenset({'Name', 'Run', 'Procedure', 'Consistency'})

# Which columns give way, in this order, and to how many cells: at least those
# of their longest word.
_BLANKS = (
    ('Notes', 40),
    ('Name', 20),
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
    ('Name', 0),
)
_LAST_RESORT = (*_HYPHENATED, ('Run', 17), ('Name', 8), ('Value', 20))
"""Here words may be broken."""

_ATTEMPTS = (
    (True, _BLANKS),
    (False, _BLANKS),
    (True, _HYPHENATED),
    (False, _HYPHENATED),
    (False, _LAST_RESORT),
)
"""From the best to the worst, with a border at both sides or without."""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    :param texts: of its cells, each of one or more lines.
    :param right: the texts are aligned to the right.
    :param short: texts that are too long are shortened, else wrapped.
    """

    name: str
    texts: tuple[str, ...]
    right: bool = False
    short: bool = False

    @property
    def natural(self) -> int:
        """The width at which nothing is broken."""
        lines = (line for text in self.texts for line in text.split('\n'))
        return max(map(wrapping.width, (self.name, *lines)))

    @property
    def breakable(self) -> bool:
        """True when its words may be broken, as the last resort."""
        return self.short or self.name in ('Run', 'Value')

    @property
    def least(self) -> int:
        """The width at which no word is broken."""
        lines = (line for text in self.texts for line in text.split('\n'))
        hyphens = self.name in _HYPHENS and self.name != 'Run'
        words = [wrapping.longest(line, hyphens=hyphens) for line in lines]
        if self.short:
            # A longer one is no word: it is broken or shortened anyway.
            words = [word for word in words if word <= _LONGEST_WORD]
        return max(wrapping.width(self.name), *words, 0)

    def lines(self, text: str, room: int) -> list[str]:
        """Break a text of this column into lines that fit."""
        hyphens = self.name in _HYPHENS
        found = [
            line
            for each in text.split('\n')
            for line in wrapping.wrap(each, room, hyphens=hyphens)
        ]
        if self.short and len(found) > _NAME_LINES:
            # Full lines, so that as much of it as possible is seen.
            short = wrapping.shorten(text, _NAME_LINES * room)
            return wrapping.chop(short, room)
        return found


def columns(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    *,
    brief: bool,
) -> list[Column]:
    """Make the columns of a table.

    :param rows: the texts of the cells.
    :param numbers: for each column, whether it has numbers.
    :param brief: long names are shortened.
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
    """How a table fits.

    :param widths: of its columns.
    :param framed: there is room for a border at both sides.
    """

    widths: tuple[int, ...]
    framed: bool = True


def fit(found: Sequence[Column], room: int | None) -> Fit | None:
    """Make a table fit.

    :param room: cells of a line, None for a line of any length.
    :returns: None when it cannot be, without breaking words.
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
                breaks = ways is _LAST_RESORT and each.breakable
                words = 0 if breaks else each.least
                least = max(words, asked, len(name))
                excess = max(sum(widths) - room, 0)
                widths[index] -= max(0, min(excess, widths[index] - least))
    return tuple(widths) if sum(widths) <= room else None
