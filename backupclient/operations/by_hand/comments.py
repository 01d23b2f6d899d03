# SPDX-License-Identifier: Apache-2.0
"""The text between commands, safe against names from the cloud.

Everything on the page except the commands is a comment for ``bash``: in a
block, or as a Markdown title. So the whole page can be pasted into a shell.
"""

from collections.abc import Iterable
import textwrap

from backupclient.procedures.restore import shell

_WIDTH = 79
_INDENT = '    '


def title(level: int, text: str, name: str = '') -> str:
    """Return a title of the page.

    :param level: 1 for the title of the page, 2 for a section, and so on.
    :param name: a name from the cloud, which follows in backquotes; ``''`` for
        none.
    """
    return f'{"#" * level} {text}{f" {_span(name)}" if name else ""}'


def block(*parts: str) -> str:
    """Join comments and commands to an indented block."""
    return textwrap.indent('\n'.join(parts), _INDENT)


def text(sentence: str, hang: int = 0) -> str:
    """Return a comment.

    :param hang: the indentation of all lines but the first, in spaces.
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
    """Return a comment with a bullet for each sentence that is not empty."""
    return tuple(
        text(f'- {one.strip()}', 2)
        for one in sentences
        if shell.plain(one).strip()
    )


def facts(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return a comment for each pair whose value is not empty."""
    return tuple(
        text(f'{name:12} {value}', 13)
        for name, value in pairs
        if shell.plain(value).strip()
    )


def _span(name: str) -> str:
    return f'`{shell.plain(name).replace("`", chr(39)).strip() or " "}`'
