# SPDX-License-Identifier: Apache-2.0
"""How values look: one way for people, another for programs."""

from collections.abc import Iterable, Sequence
import datetime
from typing import TYPE_CHECKING, Any
import unicodedata

from cliff import columns

if TYPE_CHECKING:
    from backupclient.model import results

    _Text = columns.FormattableColumn[str]
    _Count = columns.FormattableColumn[int | None]
    _Texts = columns.FormattableColumn[Sequence[str]]
else:
    # Older releases of cliff have no parameter here.
    _Text = _Count = _Texts = columns.FormattableColumn

_LONGEST = 3000
_UNITS = ('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB')


def clean(text: str) -> str:
    """Replace what a name must not do to a terminal.

    Control characters and those that change the direction of writing
    (Unicode categories Cc and Cf) become visible escapes.
    """
    return ''.join(
        char.encode('unicode_escape').decode()
        if unicodedata.category(char) in ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')
        else char
        for char in text
    )


def sentence(text: str) -> str:
    """Make safe for a terminal, and not too long, what is said to a person.

    It may repeat what somebody else wrote.
    """
    cut = text if len(text) <= _LONGEST else f'{text[:_LONGEST]} ...'
    return clean(cut)


def size(count: int | None) -> str:
    """Write a number of bytes for people; nothing when not known."""
    if count is None:
        return ''
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f'{value:.1f} {_UNITS[unit]}' if unit else f'{count} B'


def age(seconds: int | None) -> str:
    """Write a duration for people, in its two largest units."""
    if seconds is None:
        return ''
    parts: list[str] = []
    for unit, length in (('d', 86400), ('h', 3600), ('min', 60), ('s', 1)):
        count, seconds = divmod(seconds, length)
        if count or (unit == 's' and not parts):
            parts.append(f'{count} {unit}')
    return ' '.join(parts[:2])


def ending(outcome: 'results.Outcome') -> str:
    """Say how a resource ended."""
    why = f': {outcome.reason}' if outcome.reason else ''
    return f'{outcome.resource.label}: {outcome.state}{why}'


class Name(_Text):
    """A text, of which nobody knows who wrote it."""

    def human_readable(self) -> str:
        """Make it safe for a terminal."""
        return clean(self._value)


class Number(_Count):
    """A number, or nothing: that comes first when rows are sorted."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return NotImplemented
        mine, theirs = self._value, other._value
        return (mine is not None, mine or 0) < (
            theirs is not None,
            theirs or 0,
        )


class Count(Number):
    """How many, or nothing."""

    def human_readable(self) -> str:
        """Write it, or nothing."""
        return '' if self._value is None else str(self._value)


class Time(_Text):
    """A time in ISO 8601, or nothing."""

    def human_readable(self) -> str:
        """Write it to the minute, in UTC."""
        try:
            found = datetime.datetime.fromisoformat(self._value)
        except ValueError:
            return clean(self._value)
        if found.tzinfo:
            found = found.astimezone(datetime.UTC)
        return found.strftime('%Y-%m-%d %H:%M')


class Size(Number):
    """A number of bytes."""

    def human_readable(self) -> str:
        """Write it with a unit."""
        return size(self._value)


class Age(Number):
    """A number of seconds."""

    def human_readable(self) -> str:
        """Write it with units."""
        return age(self._value)


class Sentences(_Texts):
    """Some sentences."""

    def human_readable(self) -> str:
        """Write one below the other."""
        return '\n'.join(clean(each) for each in self._value)

    def machine_readable(self) -> list[str]:
        """Give a list."""
        return list(self._value)

    @property
    def line(self) -> str:
        """The sentences on one line."""
        return ' '.join(clean(each) for each in self._value)


def cells(row: Iterable[Any]) -> tuple[Any, ...]:
    """Make the texts of a row safe for a terminal, whatever is in them."""
    return tuple(Name(one) if isinstance(one, str) else one for one in row)


def flat(row: Iterable[Any]) -> tuple[Any, ...]:
    """Make each cell of a row one line of text, for CSV and plain values.

    Line breaks and marks that turn the direction of writing become visible
    escapes, and sentences are joined: a row is a line, whatever is in it.
    """
    return tuple(map(_line, row))


def _line(value: Any) -> Any:
    if isinstance(value, Sentences):
        return value.line
    if isinstance(value, Name):
        return value.human_readable()
    if isinstance(value, Time):
        return clean(value.machine_readable())
    return clean(value) if isinstance(value, str) else value


class Command(str):
    """A command for a shell among what is said: it can be copied."""

    __slots__ = ()
