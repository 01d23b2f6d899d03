# SPDX-License-Identifier: Apache-2.0
"""The parts of a request that a person writes in words of their own."""

from collections.abc import Iterable
import os

from backupclient import errors
from backupclient.keys import protection
from backupclient.model import target as target_


def target(text: str) -> str:
    """Return the target of a request for the words of ``--to``.

    :param text: the path of a folder, which need not be there yet.
    :returns: its absolute path.
    :raises UsageError: the text is no path of a folder of this machine, or
        the current folder is gone.
    """
    try:
        return os.path.abspath(target_.parse(text).path)
    except ValueError as exc:
        raise errors.UsageError(str(exc)) from exc
    except OSError as exc:
        raise errors.UsageError(
            f'"{text}" is below the current folder, which is gone: give a '
            'path that begins with "/".'
        ) from exc


def recipients(values: Iterable[str]) -> tuple[str, ...]:
    """Return the public keys that the words of ``--encrypt-to`` stand for.

    :param values: age or SSH public keys, or files of them.
    :raises UsageError: one is neither, or is a secret key.
    """
    return protection.expand(values)
