# SPDX-License-Identifier: Apache-2.0
"""Option values of the form ``OLD=NEW``, for replacements."""

import argparse
from collections.abc import Iterable

from backupclient import errors


def mapping(pairs: Iterable[tuple[str, str]], option: str) -> dict[str, str]:
    """Return the new names by the old names.

    :param option: the option of the pairs, for the message.
    :raises UsageError: if an old name has two new names.
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
    """Parse ``OLD=NEW``.

    :raises ArgumentTypeError: if the text has another form.
    """
    old, equals, new = text.partition('=')
    if not old or not new or not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is not OLD=NEW')
    return old, new


def network(text: str) -> tuple[str, str]:
    """Parse ``OLD=NEW``, or the name of one network for all servers.

    :returns: the old name, ``''`` for all, and the new name.
    :raises ArgumentTypeError: if the text has another form.
    """
    if '=' in text:
        return pair(text)
    if not text:
        raise argparse.ArgumentTypeError('it is empty')
    return '', text
