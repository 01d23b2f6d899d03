# SPDX-License-Identifier: Apache-2.0
"""Ask a person before deleting."""

import argparse
from collections.abc import Iterable
import sys

from backupclient import errors
from backupclient.osc import base


def add(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run`` and ``--yes``, which replace the question."""
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        '--dry-run',
        action='store_true',
        help='Show what would be deleted, and delete nothing',
    )
    mode.add_argument(
        '--yes',
        action='store_true',
        help='Delete without a question',
    )


def require(args: argparse.Namespace) -> None:
    """Raise UsageError if no option decides and nobody can be asked."""
    if not (args.dry_run or args.yes or _somebody_answers()):
        raise errors.UsageError(
            'There is no terminal to ask at: say --yes to delete, or '
            '--dry-run to look only.'
        )


def agreed(
    args: argparse.Namespace, listed: Iterable[str], question: str
) -> bool:
    """Return whether to delete; ask a person unless an option decides.

    :param listed: a line for each thing to delete, printed before the
        question.
    """
    if args.dry_run or args.yes:
        return bool(args.yes)
    for line in listed:
        base.say(line)
    print(f'{question} [y/N] ', end='', file=sys.stderr, flush=True)
    try:
        answer = sys.stdin.readline()
    except OSError:
        # The terminal was closed: that is no answer.
        answer = ''
    if not answer.endswith('\n'):
        base.say('')
    yes = answer.strip().lower() in ('y', 'yes')
    if not yes:
        base.say('Nothing was deleted.')
    return yes


def _somebody_answers() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
