# SPDX-License-Identifier: Apache-2.0
"""The order and the format of the help text of a command."""

import argparse
from collections.abc import Iterator
import contextlib
import textwrap
from typing import Any


@contextlib.contextmanager
def own_options_first(parser: argparse.ArgumentParser) -> Iterator[None]:
    """Put the options that the ``with`` block adds before the others.

    cliff adds the output options first, which fill more than most screens.
    Also keep the paragraphs and examples of the description.
    """
    # argparse has no public way to order options. The usage text has the
    # order of the actions, the help text that of the groups.
    orders: tuple[list[Any], ...] = (parser._actions, parser._action_groups)
    before = [len(order) for order in orders]
    yield
    for order, length in zip(orders, before, strict=True):
        # --help stays first, and so do the standard groups of argparse.
        kept = sum(map(_is_first, order[:length]))
        order[kept:] = order[length:] + order[kept:length]
    theirs: Any = parser.formatter_class
    ours: Any = type('HelpFormatter', (_Paragraphs, theirs), {})
    parser.formatter_class = ours


def _is_first(one: Any) -> bool:
    if isinstance(one, argparse._ArgumentGroup):
        return one.title in _STANDARD
    return isinstance(one, argparse._HelpAction)


_STANDARD = {group.title for group in argparse.ArgumentParser()._action_groups}


class _Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph separately, except indented ones.

    The text is also reStructuredText for the manual, where two colons begin
    an indented block.
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return '\n\n'.join(
            textwrap.indent(part, indent)
            if part.startswith(' ')
            else textwrap.fill(
                part.replace('::', ':').replace('``', ''),
                width,
                initial_indent=indent,
                subsequent_indent=indent,
            )
            for part in text.rstrip().split('\n\n')
        )
