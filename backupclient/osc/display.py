# SPDX-License-Identifier: Apache-2.0
"""Format values, for people or for programs."""

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
    """Replace characters that could control a terminal by visible escapes.

    These are control characters, characters that change the direction of
    writing, surrogates, and line and paragraph separators (Unicode categories
    Cc, Cf, Cs, Zl and Zp).
    """
    return ''.join(
        char.encode('unicode_escape').decode()
        if unicodedata.category(char) in ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')
        else char
        for char in text
    )


def sentence(text: str) -> str:
    """Return a message that is safe for a terminal, cut if it is too long.

    It may contain texts from the cloud.
    """
    cut = text if len(text) <= _LONGEST else f'{text[:_LONGEST]} ...'
    return clean(cut)


def size(count: int | None) -> str:
    """Return a number of bytes with a unit, ``''`` for None."""
    if count is None:
        return ''
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f'{value:.1f} {_UNITS[unit]}' if unit else f'{count} B'


def age(seconds: int | None) -> str:
    """Return a duration in its two largest units, ``''`` for None."""
    if seconds is None:
        return ''
    parts: list[str] = []
    for unit, length in (('d', 86400), ('h', 3600), ('min', 60), ('s', 1)):
        count, seconds = divmod(seconds, length)
        if count or (unit == 's' and not parts):
            parts.append(f'{count} {unit}')
    return ' '.join(parts[:2])


def ending(outcome: 'results.Outcome') -> str:
    """Return a sentence about the outcome of a resource."""
    why = f': {outcome.reason}' if outcome.reason else ''
    return f'{outcome.resource.label}: {outcome.state}{why}'


class Name(_Text):
    """A text of unknown origin, such as a name from the cloud."""

    def human_readable(self) -> str:
        """Return the text, safe for a terminal."""
        return clean(self._value)


class Script(_Text):
    """Commands for a shell, on one or more lines."""

    def human_readable(self) -> str:
        """Return the lines, each safe for a terminal."""
        return '\n'.join(map(clean, self._value.split('\n')))


class Number(_Count):
    """A number or None. None comes first when rows are sorted."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return NotImplemented
        mine, theirs = self._value, other._value
        return (mine is not None, mine or 0) < (
            theirs is not None,
            theirs or 0,
        )


class Count(Number):
    """A count, or None."""

    def human_readable(self) -> str:
        """Return the number, ``''`` for None."""
        return '' if self._value is None else str(self._value)


class Time(_Text):
    """A time in ISO 8601, or ``''``."""

    def human_readable(self) -> str:
        """Return the time to the minute, in UTC."""
        try:
            found = datetime.datetime.fromisoformat(self._value)
        except ValueError:
            return clean(self._value)
        if found.tzinfo:
            found = found.astimezone(datetime.UTC)
        return found.strftime('%Y-%m-%d %H:%M')


class Size(Number):
    """A number of bytes, or None."""

    def human_readable(self) -> str:
        """Return the size with a unit."""
        return size(self._value)


class Age(Number):
    """A number of seconds, or None."""

    def human_readable(self) -> str:
        """Return the duration with its units."""
        return age(self._value)


class Sentences(_Texts):
    """A cell with several sentences."""

    def human_readable(self) -> str:
        """Return the sentences, each on a line."""
        return '\n'.join(clean(each) for each in self._value)

    def machine_readable(self) -> list[str]:
        """Return the sentences as a list."""
        return list(self._value)


def cells(row: Iterable[Any]) -> tuple[Any, ...]:
    """Return a row with texts that are safe for a terminal."""
    return tuple(Name(one) if isinstance(one, str) else one for one in row)


def flat(row: Iterable[Any]) -> tuple[Any, ...]:
    """Return a row with cells of one line, for CSV and plain values.

    Sentences are joined, so each row is one line. Line breaks and other
    control characters become escapes. A backslash is doubled, so that a
    program can tell it from the start of an escape.
    """
    return tuple(map(_line, row))


def _line(value: Any) -> Any:
    if isinstance(value, Sentences):
        return _escaped(' '.join(value.machine_readable()))
    if isinstance(value, Name | Script | Time):
        return _escaped(value.machine_readable())
    return _escaped(value) if isinstance(value, str) else value


def _escaped(text: str) -> str:
    return clean(text.replace('\\', '\\\\'))


class Command(str):
    """A shell command among messages, printed so that it can be copied."""

    __slots__ = ()
