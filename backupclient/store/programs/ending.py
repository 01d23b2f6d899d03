# SPDX-License-Identifier: Apache-2.0
"""How a program has ended."""

import dataclasses

from backupclient import errors

_QUOTED = 600


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    :param code: its exit code, or the negative number of the signal.
    :param out: its stdout if that was collected, else empty.
    :param said: the end of its stderr, without passwords.
    :param whole: whether ``out`` is all of its stdout.
    """

    code: int
    out: bytes
    said: str
    whole: bool = True


class ProgramFailed(errors.TargetError):
    """A program has failed.

    :param name: the name of the program.
    :param ended: how the program ended.
    """

    def __init__(self, name: str, ended: Ended) -> None:
        how = f'exit code {ended.code}'
        if ended.code < 0:
            how = f'signal {-ended.code}'
        said = f': {ended.said[-_QUOTED:]}' if ended.said else ''
        super().__init__(f'{name} ended with {how}{said}')
        self.ended = ended


class ProgramSilent(errors.TargetError):
    """A program has neither read nor written for too long, and was ended."""
