# SPDX-License-Identifier: Apache-2.0
"""Log lines with the arguments of a call, without the passwords in targets.

With ``--debug`` the client logs what was typed, and what argparse made of it.
A target may have a password in it: ``restic:rest:https://ann:secret@host/``.
"""

import argparse
import logging
import re
import sys
from typing import Any

_CLIENT = 'osc_lib.shell'
"""The logger of ``START with options``."""

_TARGET = re.compile(r'\b(?:restic|rclone):')
_WORD = re.compile(r'\b(?:(?:restic|rclone):|[\w.+-]+://)\S*')


class _Masked(logging.Filter):
    """Lets each line pass, without passwords."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a line that has a target with a password."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_argument, record.args))
        return True


_MASKED = _Masked()


def of_client() -> None:
    """Mask what the client logs of what was typed, from now on.

    It does that before it knows which command is meant, so this looks only at
    what is a target of ours.
    """
    logging.getLogger(_CLIENT).addFilter(_MASKED)


def of(log: logging.Logger) -> None:
    """Mask what a command logs of its arguments, from now on."""
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
    """Mask an option's value: exact, whatever signs are in it."""
    if isinstance(value, str):
        return _target(value) if _WORD.search(value) else value
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value


def text(line: str) -> str:
    """Mask the targets in what was typed, joined by spaces."""
    for word in sys.argv:
        found = _WORD.search(word)
        if found is not None:
            # A password may have a space in it.
            start = word[: found.start()]
            line = line.replace(word, start + _target(word[len(start) :]))
    return _WORD.sub(_shown, line)


def _shown(found: re.Match[str]) -> str:
    return _target(found[0])


def _target(target: str) -> str:
    """Return a target as it is shown; all is hidden of one that is none."""
    from backupclient.model import addresses
    from backupclient.model import urls

    if not _TARGET.match(target):
        return urls.shown(target, addresses.HIDDEN)
    try:
        return addresses.parse(target).shown
    except ValueError:
        return f'{target.partition(":")[0]}:{addresses.HIDDEN}'
