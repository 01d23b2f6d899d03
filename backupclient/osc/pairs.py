# SPDX-License-Identifier: Apache-2.0
"""Arguments of the form ``OLD=NEW``: what takes the place of what."""

import argparse
from collections.abc import Iterable

from backupclient import errors


def mapping(pairs: Iterable[tuple[str, str]], option: str) -> dict[str, str]:
    """Return what takes the place of what.

    :param option: that gave the pairs, for the message.
    :raises UsageError: one thing is to be two.
    """
    found: dict[str, str] = {}
    for old, new in pairs:
        if found.get(old, new) != new:
            raise errors.UsageError(
                f'{option} says both "{found[old]}" and "{new}" for "{old}".'
            )
        found[old] = new
    return found


def pair(text: str) -> tuple[str, str]:
    """Read ``OLD=NEW``.

    :raises ArgumentTypeError: it is something else.
    """
    old, equals, new = text.partition('=')
    if not old or not new or not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is not OLD=NEW')
    return old, new


def network(text: str) -> tuple[str, str]:
    """Read ``OLD=NEW`` or the network for all, whose old name is ``''``.

    :raises ArgumentTypeError: it is neither.
    """
    if '=' in text:
        return pair(text)
    if not text:
        raise argparse.ArgumentTypeError('it is empty')
    return '', text
