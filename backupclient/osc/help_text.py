# SPDX-License-Identifier: Apache-2.0
"""What ``--help`` shows of a command, and in which order."""

import argparse
from collections.abc import Iterator
import contextlib
import textwrap
from typing import Any


@contextlib.contextmanager
def own_options_first(parser: argparse.ArgumentParser) -> Iterator[None]:
    """Move the options that are added meanwhile before the others.

    cliff adds those of the output first: more lines than most screens have.
    The description keeps its paragraphs and its examples.
    """
    # argparse has no public way to order options. The usage has the order of
    # the actions, the help that of the groups.
    orders: tuple[list[Any], ...] = (parser._actions, parser._action_groups)
    before = [len(order) for order in orders]
    yield
    for order, length in zip(orders, before, strict=True):
        # --help stays first, and so do the groups that argparse has always.
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
    """Fills each paragraph on its own, and leaves indented ones as they are.

    The manual has the same text as reStructuredText: there two colons begin
    what is indented.
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
