# SPDX-License-Identifier: Apache-2.0
"""Text that fits a terminal: measured in cells, and wrapped at words.

A cell is what a Latin letter takes; a CJK character or an emoji takes two.
"""

import os
import re
from typing import Any
import unicodedata

from rich import cells

from backupclient.osc import display

_LEAST = 20
"""Columns of a terminal that is narrower than any real one."""

_DEFAULT = 80
_INDENT = '  '
_DOTS = '...'
_GOES_ON = ' \\'
_EMOJI = '\ufe0f'
"""Asks for the wide form of the character before it; not all obey."""

_UNITS = r'\d[\d.]* (?:d|h|min|s|B|[KMGTP]iB)(?![\w])'
_WORDS = re.compile(rf' *(?:{_UNITS}[^ ]*|[^ ]+)| +$')
_PARTS = re.compile(r' *(?:[^ ./_-]+[./_-]*|[./_-]+)| +$')
"""Words, and their parts, which a hyphen ends, or a dot.

A number stays with its unit.
"""

_SHELL_WORDS = re.compile(r"""(?:[^ '"]|'[^']*'|"[^"]*"|['"])+""")
"""Words of a shell, with their quotes."""


def columns(stream: Any) -> int | None:
    """Return how many cells a line of a terminal has.

    :returns: None when the stream is no terminal: a line may be of any length.
    """
    return size(stream) if stream.isatty() else None


def size(stream: Any) -> int:
    """Return the width of the display, also where the stream is no terminal.

    ``COLUMNS`` wins, as in all programs.
    """
    given = os.environ.get('COLUMNS', '')
    if given.isdecimal() and int(given):
        return max(int(given), _LEAST)
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return max(found or _DEFAULT, _LEAST)


def width(text: str) -> int:
    """Count the cells of a text, rather one too many than one too few.

    Each character counts for itself, because terminals differ in what they
    draw as one.
    """
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    """Count the cells of a character as the more generous of two tables.

    They are of different editions of Unicode, as those of terminals are; what
    neither knows may be wide.
    """
    import wcwidth

    if char == _EMOJI:
        return 1
    if unicodedata.category(char) == 'Cn':
        return 2
    return max(cells.get_character_cell_size(char), wcwidth.wcwidth(char))


def pad(text: str, room: int, *, right: bool = False) -> str:
    """Fill a text with blanks to a number of cells."""
    blanks = ' ' * (room - width(text))
    return blanks + text if right else text + blanks


def wrap(
    text: str, room: int, indent: str = '', *, hyphens: bool = False
) -> list[str]:
    """Break a text into lines, between words.

    A word is only broken when it is longer than a line.

    :param room: cells of a line.
    :param indent: of all lines but the first.
    :param hyphens: lines may also be broken behind a hyphen and its like.
    """
    lines: list[str] = []
    line = ''
    for piece in (_PARTS if hyphens else _WORDS).findall(text):
        if width(line + piece) <= room:
            line += piece
            continue
        if line:
            lines.append(line)
            line = indent
        *full, line = chop(line + piece.lstrip(' '), room, indent)
        lines += full
    return [*lines, line]


def chop(text: str, room: int, indent: str = '') -> list[str]:
    """Break a word that is longer than a line, wherever the line ends."""
    lines = []
    while width(text) > room:
        head = _head(text, room)
        lines.append(head)
        text = indent + text[len(head) :]
    return [*lines, text]


def longest(text: str, *, hyphens: bool = False) -> int:
    """Return the width of the longest piece that :func:`wrap` keeps whole."""
    pieces = (_PARTS if hyphens else _WORDS).findall(text)
    return max((width(piece.strip(' ')) for piece in pieces), default=0)


def shorten(text: str, room: int) -> str:
    """Replace the middle of a text that is too long with an ellipsis.

    The names of a project often differ at their end only.
    """
    if width(text) <= room:
        return text
    rest = max(room - len(_DOTS), 0)
    tail = _head(text[::-1], rest // 2)[::-1]
    return _head(text, rest - rest // 2) + _DOTS[:room] + tail


def _head(text: str, room: int) -> str:
    """Return the start of a text that fits, with its combining marks."""
    used = 0
    for number, char in enumerate(text):
        used += width(char)
        if used > room:
            return text[:number]
    return text


def sentence(text: str, room: int | None) -> str:
    """Wrap what is said to a person; the next lines are indented.

    :param room: None for a line of any length.
    """
    if room is None:
        return text
    return '\n'.join(wrap(text, room, _INDENT))


def command(text: str, room: int | None) -> list[str]:
    """Break a command of a shell into lines that can be copied.

    :param room: None for a line of any length.
    """
    if room is None:
        return [text]
    lines = ['']
    for part in _parts(text, room - len(_INDENT) * 2 - len(_GOES_ON)):
        if not lines[-1]:
            lines[-1] = part
        elif width(f'{lines[-1]} {part}{_GOES_ON}') <= room:
            lines[-1] += f' {part}'
        else:
            lines[-1] += _GOES_ON
            lines.append(_INDENT * 2 + part)
    return lines


def _parts(text: str, room: int) -> list[str]:
    """Split a command between its words, but keep an option and its value."""
    parts: list[str] = []
    for word in _SHELL_WORDS.findall(text):
        before = parts[-1] if parts else ''
        pair = f'{before} {word}'
        alone = before.startswith('-') and ' ' not in before
        if alone and not word.startswith('-') and width(pair) <= room:
            parts[-1] = pair
        else:
            parts.append(word)
    return parts


def said(text: str, room: int | None) -> str:
    """Make fit what is said to a person, and safe for a terminal.

    :param room: None for a line of any length.
    """
    safe = display.sentence(text)
    if not isinstance(text, display.Command):
        return sentence(safe, room)
    room = room and room - len(_INDENT) * 2
    return '\n'.join(_INDENT * 2 + line for line in command(safe, room))
