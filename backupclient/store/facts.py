# SPDX-License-Identifier: Apache-2.0
"""What stores say: of themselves, and of their files."""

import dataclasses
import datetime
import enum


@dataclasses.dataclass(frozen=True, slots=True)
class Abilities:
    """What a store can do; the callers cope with what it cannot.

    :param holes: long runs of zeros take no room.
    :param continuing: a later write goes on where an earlier one broke off.
        Where it begins anew, a kill may have left the beginning of a file
        under its path: a file of an unfinished set proves nothing.
    :param renaming: a folder can get another name.
    :param gathering: small files are kept by this process until they are
        stored together, see :meth:`.base.Files.flush`.
    :param authenticating: nobody without the password of the store can change
        what was written.
    """

    holes: bool = False
    continuing: bool = False
    renaming: bool = False
    gathering: bool = False
    authenticating: bool = False


class Secrecy(enum.Enum):
    """What a store has to promise for a file, else it refuses it."""

    NONE = 'nothing'
    SEALED = 'others cannot replace it: it is encrypted'
    SECRET = 'others can neither replace nor read it'


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A file in a store.

    :param size: in bytes, holes included.
    :param changed_at: when it was last written, in UTC.
    :param plain: false for a link, a pipe, and the like: nothing of ours.
    """

    path: str
    size: int
    changed_at: datetime.datetime
    plain: bool = True
