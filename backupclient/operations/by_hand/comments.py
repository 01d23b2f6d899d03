# SPDX-License-Identifier: Apache-2.0
"""Text between commands: what the cloud gave cannot change its meaning.

All of the page that is no command is a comment for ``bash``, in a block or in
a title of Markdown. So the page can be pasted as a whole.
"""

from collections.abc import Iterable
import textwrap

from backupclient.procedures.restore import shell

_WIDTH = 79
_INDENT = '    '


def title(level: int, text: str, name: str = '') -> str:
    """Return a title of the page.

    :param name: from the cloud.
    """
    return f'{"#" * level} {text}{f" {_span(name)}" if name else ""}'


def block(*parts: str) -> str:
    """Return a block of comments and commands."""
    return textwrap.indent('\n'.join(parts), _INDENT)


def text(sentence: str, hang: int = 0) -> str:
    """Return a comment.

    :param hang: how far the lines after the first one are indented.
    """
    return textwrap.fill(
        shell.plain(sentence).strip(),
        _WIDTH - len(_INDENT),
        initial_indent='# ',
        subsequent_indent='# ' + ' ' * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def items(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return a comment for each sentence, as a list."""
    return tuple(
        text(f'- {one.strip()}', 2)
        for one in sentences
        if shell.plain(one).strip()
    )


def facts(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return a comment for each name and value that is not empty."""
    return tuple(
        text(f'{name:12} {value}', 13)
        for name, value in pairs
        if shell.plain(value).strip()
    )


def _span(name: str) -> str:
    return f'`{shell.plain(name).replace("`", chr(39)).strip() or " "}`'
