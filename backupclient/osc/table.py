# SPDX-License-Identifier: Apache-2.0
"""The table for people, never wider than the terminal.

If the columns do not fit side by side, each row becomes a record with a field
on each line.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
import itertools
from typing import Any, TextIO

from cliff import columns as cliff_columns
from cliff.formatters import table

from backupclient.osc import display
from backupclient.osc import fitting
from backupclient.osc import wrapping

_TITLE = frozenset({'Kind', 'Name'})
"""Columns that make the title of a record."""

_COMMAND = 'Command'
_STEP = 'Step'
_INDENT = ' ' * 4
_BELOW = 8
"""The indentation of a value that does not fit beside its label."""

_GAP = '  '


class Formatter(table.TableFormatter):
    """Replaces the table formatter of cliff, with the same options.

    :param brief: True to shorten names that are too long, False to wrap them.
    """

    def __init__(self, *, brief: bool) -> None:
        self._brief = brief

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Write a table with the rows; without rows, write nothing."""
        values = [list(row) for row in data]
        if not values and not parsed_args.print_empty:
            return
        rows = [[_text(value) for value in row] for row in values]
        room = _room(stdout, parsed_args)
        numbers = [
            bool(values) and all(map(_is_number, column))
            for column in _columns(column_names, values)
        ]
        columns = fitting.columns(
            column_names, rows, numbers, brief=self._brief
        )
        # A command of several lines cannot be copied from between borders.
        records = room and any(map(_has_lines, values))
        fit = None if records else fitting.fit(columns, room)
        if fit:
            lines = _grid(columns, fit)
        else:
            lines = _records(column_names, rows, room or 0)
        stdout.write(''.join(f'{line}\n' for line in lines))

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[Any],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Write a line for each field of one thing."""
        columns = [
            fitting.Column('Field', tuple(column_names)),
            fitting.Column('Value', tuple(_text(value) for value in data)),
        ]
        room = _room(stdout, parsed_args)
        fit = fitting.fit(columns, room)
        if fit:
            lines = _grid(columns, fit)
        else:
            rows = [[_text(value) for value in data]]
            lines = _records(column_names, rows, room or 0)
        stdout.write(''.join(f'{line}\n' for line in lines))


def _columns(
    names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[list[Any]]:
    return [[row[index] for row in rows] for index in range(len(names))]


def _text(value: Any) -> str:
    if isinstance(value, cliff_columns.FormattableColumn):
        return str(value.human_readable())
    return str(value)


def _has_lines(row: Sequence[Any]) -> bool:
    """Return whether a row has a command with several lines."""
    return any(
        isinstance(value, display.Script) and '\n' in _text(value)
        for value in row
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, display.Number))


def _room(stdout: TextIO, args: argparse.Namespace) -> int | None:
    """Return the cells of a line, None for lines of any length."""
    if args.max_width > 0:
        return max(int(args.max_width), wrapping.LEAST)
    if args.fit_width:
        return wrapping.size(stdout)
    return wrapping.columns(stdout)


def _grid(
    columns: Sequence[fitting.Column], fit: fitting.Fit
) -> Iterator[str]:
    """Yield the lines of a table with columns side by side."""
    border = _framed('-+-'.join('-' * width for width in fit.widths), fit, '-')
    yield border
    yield _line(columns, fit, [each.name for each in columns])
    yield border
    for row in zip(*(each.texts for each in columns), strict=True):
        cells = (
            column.lines(text, width)
            for column, text, width in zip(
                columns, row, fit.widths, strict=True
            )
        )
        for texts in itertools.zip_longest(*cells, fillvalue=''):
            yield _line(columns, fit, texts)
    yield border


def _line(
    columns: Sequence[fitting.Column], fit: fitting.Fit, texts: Sequence[str]
) -> str:
    padded = (
        wrapping.pad(text, width, right=column.right)
        for column, width, text in zip(columns, fit.widths, texts, strict=True)
    )
    return _framed(' | '.join(padded), fit, ' ')


def _framed(line: str, fit: fitting.Fit, fill: str) -> str:
    if not fit.framed:
        return line.rstrip()
    end = '+' if fill == '-' else '|'
    return f'{end}{fill}{line}{fill}{end}'


def _records(
    names: Sequence[str], rows: Sequence[Sequence[str]], room: int
) -> Iterator[str]:
    """Yield the lines of records, with one field below the other.

    Consecutive steps of the same resource share a title.
    """
    before: list[str] | None = None
    for row in rows:
        fields = list(zip(names, row, strict=True))
        title = [text for name, text in fields if name in _TITLE]
        same = title == before and _STEP in names
        if before is not None and not same:
            yield ''
        if title and not same:
            yield from wrapping.wrap(' '.join(title), room, _INDENT)
        before = title
        yield from _fields(
            [each for each in fields if each[0] not in _TITLE and each[1]],
            room,
        )


def _fields(fields: Sequence[tuple[str, str]], room: int) -> Iterator[str]:
    longest = max((len(name) for name, _ in fields), default=0)
    start = len(_INDENT) + longest + len(_GAP)
    for name, text in fields:
        label = _INDENT + wrapping.pad(name, longest) + _GAP
        indent = _indentation(name, text, room, start)
        if indent < start:
            yield label.rstrip()
            label = ' ' * indent
        for line in _value(name, text, room - indent):
            yield f'{label}{line}'.rstrip()
            label = ' ' * indent


def _indentation(name: str, text: str, room: int, start: int) -> int:
    """Return the indentation of a value.

    A value is below its label if a word is too long for the room beside it: a
    path that is broken cannot be copied.

    :param start: the indentation beside the label.
    """
    if name == _COMMAND:
        # Its words are never broken.
        words = wrapping.command(text, room - start)
    else:
        words = wrapping.words(text)
    widths = [wrapping.width(word) for word in words]
    if max(widths, default=0) <= room - start:
        return start
    fits = (width for width in widths if width <= room)
    return min(_BELOW, start, room - max(fits, default=0))


def _value(name: str, text: str, room: int) -> list[str]:
    if name == _COMMAND:
        return wrapping.command(text, room)
    return [
        line for each in text.split('\n') for line in wrapping.wrap(each, room)
    ]
