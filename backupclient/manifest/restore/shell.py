# SPDX-License-Identifier: Apache-2.0
"""Commands whose words may come from the cloud: they stay words."""

from collections.abc import Iterable
import shlex


def plain(text: str) -> str:
    """Replace what moves the cursor, ends a line or turns its direction."""
    return ''.join(c if c.isprintable() else ' ' for c in text)


def word(text: str) -> str:
    """Quote a word for the shell."""
    return shlex.quote(plain(text))


def option(name: str, value: str) -> str:
    """Give an option with its value, whatever that begins with.

    :returns: nothing for a value that is empty.
    """
    if not value:
        return ''
    between = '=' if value.startswith('-') else ' '
    return f'{name}{between}{word(value)}'


def options(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Give an option that is repeated."""
    return tuple(option(name, value) for value in values)


def last(name: str, otherwise: str) -> str:
    """Give the name at the end of a command, whatever it begins with.

    :param otherwise: for a resource without a name.
    """
    before = '-- ' if name.startswith('-') else ''
    return before + word(name or otherwise)


def command(*parts: str) -> str:
    """Give a command, each of its parts on a line; empty ones are dropped."""
    return ' \\\n    '.join(part for part in parts if part)


def value(variable: str) -> str:
    """Give what a variable holds; the command stops if that is nothing."""
    return f'"${{{variable}:?}}"'


def kept(variable: str, column: str, *parts: str) -> str:
    """Give a command that keeps one column of its answer in a variable.

    :param parts: the last one is what comes after all options.
    """
    show = f'-f value -c {shlex.quote(column)}'
    return f'{variable}=$({command(*parts[:-1], show, parts[-1])})'
