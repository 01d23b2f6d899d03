# SPDX-License-Identifier: Apache-2.0
"""Measure text in cells of a terminal, and wrap it at words.

A Latin letter takes one cell; a CJK character or an emoji takes two.
"""

from collections.abc import Iterable, Sequence
import os
import re
from typing import Any
import unicodedata

from rich import cells

from backupclient.osc import display

LEAST = 20
"""Columns: the smallest width that is used, even if ``COLUMNS`` is less."""

_DEFAULT = 80
_INDENT = '  '
_DOTS = '...'
_GOES_ON = ' \\'
_EMOJI = '\ufe0f'
"""Requests the wide form of the character before; not all terminals obey."""

_UNITS = r'\d[\d.]* (?:d|h|min|s|B|[KMGTP]iB)(?![\w])'
_WORDS = re.compile(rf' *(?:{_UNITS}[^ ]*|[^ ]+)| +$')
_PARTS = re.compile(r' *(?:[^ ./_-]+[./_-]*|[./_-]+)| +$')
"""Words, or parts of words, which end with a hyphen, dot, slash or underscore.

Only ``_WORDS`` keeps a number together with its unit.
"""

_SHELL_TOKENS = re.compile(
    r"""(?:[ ]|\\\n)+|\n[ ]*|(?:\\.|[^ '"\n\\]|'[^']*'|"[^"]*"|['"\\])+"""
)
"""Blanks, including continued lines; ends of lines, with the indentation of
the next one; and words, including their quotes."""


def columns(stream: Any) -> int | None:
    """Return the cells of a line of a terminal.

    :returns: None if the stream is no terminal: lines may have any length.
    """
    return size(stream) if stream.isatty() else None


def size(stream: Any) -> int:
    """Return the width in cells, even if the stream is no terminal.

    The environment variable ``COLUMNS`` has priority.
    """
    given = os.environ.get('COLUMNS', '')
    if given.isdecimal() and int(given):
        return max(int(given), LEAST)
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return max(found or _DEFAULT, LEAST)


def width(text: str) -> int:
    """Return the cells of a text; in doubt, one too many.

    Each character counts separately, because terminals differ in which
    sequences they combine.
    """
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    """Return the cells of a character: the larger number of two tables.

    The tables have different versions of Unicode, as terminals do. An
    unassigned character may be wide.
    """
    import wcwidth

    if char == _EMOJI:
        return 1
    if unicodedata.category(char) == 'Cn':
        return 2
    return max(cells.get_character_cell_size(char), wcwidth.wcwidth(char))


def pad(text: str, room: int, *, right: bool = False) -> str:
    """Return a text padded with blanks to a number of cells."""
    blanks = ' ' * (room - width(text))
    return blanks + text if right else text + blanks


def wrap(
    text: str, room: int, indent: str = '', *, hyphens: bool = False
) -> list[str]:
    """Break a text into lines, between words.

    A word is broken only if it is longer than a line, after a slash where it
    has one.

    :param room: the cells of a line.
    :param indent: the indentation of all lines but the first.
    :param hyphens: True to also break after hyphens, dots, slashes and
        underscores.
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
        *full, line = _chop(line + piece.lstrip(' '), room, indent)
        lines += full
    return [*lines, line]


def _chop(text: str, room: int, indent: str) -> list[str]:
    """Break a word into lines, after slashes where there are any."""
    lines = []
    while width(text) > room:
        head = _head(text, room)
        head = head[: head.rfind('/') + 1] or head
        lines.append(head)
        text = indent + text[len(head) :]
    return [*lines, text]


def words(text: str, *, hyphens: bool = False) -> list[str]:
    """Return the pieces of lines that :func:`wrap` keeps whole."""
    pieces = _PARTS if hyphens else _WORDS
    return [
        piece.strip(' ')
        for line in text.split('\n')
        for piece in pieces.findall(line)
    ]


def shorten(text: str, room: int) -> str:
    """Replace the middle of a text that is too long with an ellipsis.

    The end stays, because names often differ only there.
    """
    if width(text) <= room:
        return text
    rest = max(room - len(_DOTS), 0)
    tail = _head(text[::-1], rest // 2)[::-1]
    return _head(text, rest - rest // 2) + _DOTS[:room] + tail


def _head(text: str, room: int) -> str:
    """Return the longest start of a text that fits, with combining marks."""
    used = 0
    for number, char in enumerate(text):
        used += width(char)
        if used > room:
            return text[:number]
    return text


def sentence(text: str, room: int | None) -> str:
    """Return a message, wrapped; all lines but the first are indented.

    :param room: the cells of a line, None for lines of any length.
    """
    if room is None:
        return text
    return '\n'.join(wrap(text, room, _INDENT))


def command(text: str, room: int | None) -> list[str]:
    """Break a shell command into lines that can be copied to a shell.

    :param room: the cells of a line, None for lines of any length.
    """
    if room is None:
        return text.split('\n')
    return [
        line
        for indent, words in _shell_lines(text)
        for each in _filled(indent, words, room)
        for line in each.split('\n')
    ]


def _shell_lines(text: str) -> list[tuple[str, list[str]]]:
    """Return the indentation and the words of each line of a command.

    The last word of a line that goes on is a backslash. A word may have
    several lines, within quotes.
    """
    lines: list[tuple[str, list[str]]] = [('', [])]
    for token in _SHELL_TOKENS.findall(text):
        blank, _, indent = token.rpartition('\n')
        if token.strip(' \\\n'):
            lines[-1][1].append(token)
        elif '\n' in token:
            lines[-1][1].extend(blank.split())
            lines.append((indent, []))
    return lines


def _filled(indent: str, words: Sequence[str], room: int) -> list[str]:
    """Return words in lines that are filled and continued with backslashes."""
    lines = [indent]
    for part in _parts(words, room - len(_INDENT) * 2 - len(_GOES_ON)):
        between = ' ' if lines[-1].strip() else ''
        longer = lines[-1] + between + part
        # Each line has room for its backslash.
        fits = part == '\\' or _widest(longer + _GOES_ON) <= room
        if not between or fits:
            lines[-1] = longer
        else:
            lines[-1] += _GOES_ON
            lines.append(_INDENT * 2 + part)
    return lines


def _widest(text: str) -> int:
    return max(map(width, text.split('\n')))


def _parts(words: Iterable[str], room: int) -> list[str]:
    """Return words; an option and its value stay together."""
    parts: list[str] = []
    for word in words:
        before = parts[-1] if parts else ''
        pair = f'{before} {word}'
        alone = before.startswith('-') and ' ' not in before
        if alone and not word.startswith('-') and _widest(pair) <= room:
            parts[-1] = pair
        else:
            parts.append(word)
    return parts


def said(text: str, room: int | None) -> str:
    """Return a message or command, wrapped and safe for a terminal.

    :param room: the cells of a line, None for lines of any length.
    """
    safe = display.sentence(text)
    if not isinstance(text, display.Command):
        return sentence(safe, room)
    room = room and room - len(_INDENT) * 2
    return '\n'.join(_INDENT * 2 + line for line in command(safe, room))
