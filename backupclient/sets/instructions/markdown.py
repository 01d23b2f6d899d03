# SPDX-License-Identifier: Apache-2.0
"""The page's paragraphs: what the cloud gave cannot change their meaning.

It is put into indented blocks, which nothing on a line can end, or between
backticks.
"""

from collections.abc import Iterable
import textwrap

from backupclient.sets.instructions import shell

_WIDTH = 79
_INDENT = '    '


def block(*commands: str) -> str:
    """Give a block of commands."""
    return textwrap.indent('\n'.join(commands), _INDENT)


def span(text: str) -> str:
    """Give a word within a sentence of the page."""
    return f'`{shell.plain(text).replace("`", chr(39)).strip() or " "}`'


def sentences(texts: Iterable[str], hang: int = 2) -> str:
    """Give a block of sentences.

    :param hang: how far the lines after a sentence's first are indented.
    """
    return '\n'.join(
        textwrap.fill(
            shell.plain(text),
            _WIDTH,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT + ' ' * hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for text in texts
        if shell.plain(text).strip()
    )


def wrapped(paragraph: str) -> str:
    """Break the lines of prose; titles and blocks stay as they are.

    Prose holds only our own words: what the cloud gave could begin a line
    that means something in Markdown.
    """
    if paragraph.startswith(('#', _INDENT)):
        return paragraph
    return textwrap.fill(
        paragraph,
        _WIDTH,
        break_long_words=False,
        break_on_hyphens=False,
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Give a block of names and values; what has no value is left out."""
    return sentences(
        (f'{name:13} {value}' for name, value in pairs if value), 14
    )
