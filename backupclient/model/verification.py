# SPDX-License-Identifier: Apache-2.0
"""What verifying backups has found: the content of ``verified/<UTC>.json``."""

from collections.abc import Iterable, Mapping
import dataclasses
import enum
from typing import Literal

from backupclient.model import tags

FORMAT_VERSION = 1
SET = 'set'
"""The kind of a row about the set itself: its manifest and checksums."""


class Depth(enum.StrEnum):
    """How much is proved; each depth includes those before it."""

    NONE = ''
    FILES = 'files'
    DATA = 'data'
    KEYS = 'keys'
    RESTORE = 'restore'

    @property
    def number(self) -> int:
        """How deep it is, for comparisons."""
        return list(Depth).index(self)


class Result(enum.StrEnum):
    """What a verification found, the best first."""

    GOOD = 'good'
    UNPROVED = 'unproved'
    MISSING = 'missing'
    DAMAGED = 'damaged'

    @property
    def number(self) -> int:
        """How bad it is, for comparisons."""
        return list(Result).index(self)

    @property
    def bad(self) -> bool:
        """True when the backup cannot be restored as it is."""
        return self in (Result.MISSING, Result.DAMAGED)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What was found of one resource in one run.

    :param kind: of the resource, or ``set``: then ``id`` is the run's.
    :param depth: for ``good`` and ``unproved`` the deepest that was proved;
        for ``damaged`` and ``missing`` the one that found it.
    :param provable: for ``unproved``: the depth that was asked for could have
        proved it, had the identity been given.
    """

    run: str
    kind: str
    name: str
    id: str
    depth: Depth
    result: Result
    notes: tuple[str, ...] = ()
    provable: bool = False

    @property
    def fails(self) -> bool:
        """True when the command has to end with 3."""
        return self.result.bad or self.provable


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """One verification of one set.

    :param verified_at: when it ended: UTC, ISO 8601.
    :param depth: that was asked for.
    :param host: the name of the machine.
    """

    run: str
    verified_at: str
    depth: Depth
    rows: tuple[Row, ...]
    host: str = ''
    program_version: str = ''
    format: Literal['openstack-backup-verification'] = (
        'openstack-backup-verification'
    )
    version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        tags.require_run_id(self.run)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What all verifications of a backup say together.

    :param damaged: the newest that could see it found it damaged or missing.
    :param depth: of the newest success, :attr:`Depth.NONE` without one.
    :param at: of the newest success: UTC, ISO 8601; ``''`` without one.
    :param proved: by depth, when it was last proved: UTC, ISO 8601. A success
        at a depth counts for all before it.
    :param hashed_at: when its bytes were last hashed, with whatever result:
        UTC, ISO 8601; ``''`` for never.
    """

    damaged: bool = False
    depth: Depth = Depth.NONE
    at: str = ''
    proved: Mapping[Depth, str] = dataclasses.field(default_factory=dict)
    hashed_at: str = ''


def standing(rows: Iterable[tuple[str, Row]]) -> Standing:
    """Put together what was found of one backup.

    Damage stays known until a verification that is at least as deep as the
    one that found it finds none.

    :param rows: with the times of the verifications, the oldest first.
    """
    found = Standing()
    seen = Depth.NONE
    hashed_at = ''
    for at, row in rows:
        if row.depth.number >= Depth.DATA.number:
            hashed_at = at
        if row.result.bad:
            before = seen if found.damaged else Depth.NONE
            seen = max(before, row.depth, key=lambda one: one.number)
            found = dataclasses.replace(found, damaged=True)
        elif (depth := _proved(row)) is not Depth.NONE:
            depths = [one for one in Depth if 0 < one.number <= depth.number]
            found = Standing(
                found.damaged and depth.number < seen.number,
                depth,
                at,
                {**found.proved, **dict.fromkeys(depths, at)},
            )
    return dataclasses.replace(found, hashed_at=hashed_at)


def _proved(row: Row) -> Depth:
    """Return the depth at which a backup was found good.

    A restore whose bytes nobody could compare proves no more than that the
    copy is there.
    """
    if row.result is Result.UNPROVED and row.depth is Depth.RESTORE:
        return Depth.FILES
    return row.depth
