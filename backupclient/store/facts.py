# SPDX-License-Identifier: Apache-2.0
"""Descriptions of stores and of the files in them."""

import dataclasses
import datetime
import enum


@dataclasses.dataclass(frozen=True, slots=True)
class Abilities:
    """What a store can do. Callers must work without these abilities.

    :param holes: long runs of zeros take no space.
    :param continuing: a later write continues where an earlier one broke off.
        In other stores, a killed process may leave the beginning of a file
        under its path: so the existence of a file in an unfinished set does
        not prove that it is complete.
    :param renaming: a folder can be renamed.
    :param gathering: this process gathers small files until they are stored
        together, see :meth:`.base.Files.flush`.
    :param authenticating: files can be changed only with the password of the
        store.
    """

    holes: bool = False
    continuing: bool = False
    renaming: bool = False
    gathering: bool = False
    authenticating: bool = False


class Secrecy(enum.Enum):
    """What a store has to guarantee for a file, or else refuse the file."""

    NONE = 'nothing'
    SEALED = 'others cannot replace it: it is encrypted'
    SECRET = 'others can neither replace nor read it'


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A file in a store.

    :param size: in bytes, holes included.
    :param changed_at: when it was last written, in UTC.
    :param plain: False for a link, a pipe and the like, which this program
        never makes.
    """

    path: str
    size: int
    changed_at: datetime.datetime
    plain: bool = True
