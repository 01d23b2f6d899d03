# SPDX-License-Identifier: Apache-2.0
"""Mask the passwords of targets in logged command lines.

With ``--debug`` the client logs the command line and the parsed arguments. A
target may contain a password: ``restic:rest:https://ann:secret@host/``.
"""

import argparse
import logging
import re
import sys
from typing import Any

_CLIENT = 'osc_lib.shell'
"""The logger that writes the line ``START with options``."""

_TARGET = re.compile(r'\b(?:restic|rclone):')
_WORD = re.compile(r'\b(?:(?:restic|rclone):|[\w.+-]+://)\S*')


class _Masked(logging.Filter):
    """Removes passwords from log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the arguments of a record, and let every record pass."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_argument, record.args))
        return True


_MASKED = _Masked()


def of_client() -> None:
    """Mask the command lines that the client logs from now on.

    The client logs them before it knows the command. So this changes only
    lines that contain the word ``backup``.
    """
    logging.getLogger(_CLIENT).addFilter(_MASKED)


def of(log: logging.Logger) -> None:
    """Mask the arguments that a command logs from now on."""
    log.addFilter(_MASKED)


def _argument(value: Any) -> Any:
    if isinstance(value, argparse.Namespace):
        return argparse.Namespace(
            **{name: _value(one) for name, one in vars(value).items()}
        )
    if isinstance(value, str) and ' backup ' in f' {value} ':
        return text(value)
    return value


def _value(value: Any) -> Any:
    """Mask an option's value as a whole, even with blanks in it."""
    if isinstance(value, str):
        return _target(value) if _WORD.search(value) else value
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value


def text(line: str) -> str:
    """Mask the targets in a command line."""
    for word in sys.argv:
        found = _WORD.search(word)
        if found is not None:
            # Replace whole words first: a password may contain a blank.
            start = word[: found.start()]
            line = line.replace(word, start + _target(word[len(start) :]))
    return _WORD.sub(_shown, line)


def _shown(found: re.Match[str]) -> str:
    return _target(found[0])


def _target(target: str) -> str:
    """Return a target with its password masked; if malformed, mask it all."""
    from backupclient.model import addresses
    from backupclient.model import urls

    if not _TARGET.match(target):
        return urls.shown(target, addresses.HIDDEN)
    try:
        return addresses.parse(target).shown
    except ValueError:
        return f'{target.partition(":")[0]}:{addresses.HIDDEN}'
