# SPDX-License-Identifier: Apache-2.0
"""What our commands have in common: exit codes, and talk on stderr."""

import argparse
from collections.abc import Iterable, Sequence
import logging
import sys
from typing import Any

from osc_lib.command import command

from backupclient import errors
from backupclient.osc import display

Table = tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]
"""What a Lister gives: the names of the columns, and the rows."""

LOG = logging.getLogger(__name__)


class ExitCodes(command.Command):
    """A command with an exit code that tells how it went.

    cliff's own end with 0 whenever they have something to show.
    """

    exit_code = 0
    epilogue: Sequence[str] = ()
    """What is said after the output, on stderr."""

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, print its output, and give its exit code."""
        try:
            super().run(parsed_args)
        except errors.BackupError as exc:
            LOG.debug('The command failed', exc_info=True)
            say(str(exc))
            return exc.exit_code
        for line in self.epilogue:
            say(line)
        return self.exit_code


class Lister(ExitCodes, command.Lister):
    """A list of rows."""


def say(text: str) -> None:
    """Talk to the person: stdout is only for data.

    The text may hold names from the cloud.
    """
    print(display.clean(text), file=sys.stderr, flush=True)
