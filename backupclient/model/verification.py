# SPDX-License-Identifier: Apache-2.0
"""The results of a verification: the content of ``verified/<UTC>.json``."""

from collections.abc import Iterable, Mapping
import dataclasses
import enum
from typing import Literal

from backupclient.model import tags

FORMAT_VERSION = 1
SET = 'set'
"""The kind of a row about the set itself: its manifest and checksums."""


class Depth(enum.StrEnum):
    """How much is proved; each depth includes the previous ones."""

    NONE = ''
    FILES = 'files'
    DATA = 'data'
    KEYS = 'keys'
    RESTORE = 'restore'

    @property
    def number(self) -> int:
        """The rank for comparisons: 0 for NONE, higher is deeper."""
        return list(Depth).index(self)


class Result(enum.StrEnum):
    """The result for a backup, the best first."""

    GOOD = 'good'
    UNPROVED = 'unproved'
    MISSING = 'missing'
    DAMAGED = 'damaged'

    @property
    def number(self) -> int:
        """The rank for comparisons: 0 for GOOD, higher is worse."""
        return list(Result).index(self)

    @property
    def bad(self) -> bool:
        """True if the backup cannot be restored as it is."""
        return self in (Result.MISSING, Result.DAMAGED)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """The result for one resource in one run.

    :param kind: the resource's kind, or ``set``: then ``id`` is the run's.
    :param depth: for ``good`` and ``unproved``, the deepest that was proved;
        for ``damaged`` and ``missing``, the one that found the problem.
    :param provable: for ``unproved``, whether the requested depth could be
        proved in another call, such as with ``--identity``.
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
        """True if the command has to exit with code 3."""
        return self.result.bad or self.provable


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """One verification of one set.

    :param verified_at: when it ended: UTC, ISO 8601.
    :param depth: the requested depth.
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
    """The combined result of all verifications of a backup.

    :param damaged: whether the backup was found damaged or missing, and no
        later verification of at least that depth found it good.
    :param depth: the depth of the newest success, :attr:`Depth.NONE` without.
    :param at: the time of the newest success: UTC, ISO 8601; ``''`` without.
    :param proved: the time of the last success by depth: UTC, ISO 8601. A
        success at a depth counts for the lower depths too.
    :param hashed_at: when its bytes were last hashed, with whatever result:
        UTC, ISO 8601; ``''`` for never.
    """

    damaged: bool = False
    depth: Depth = Depth.NONE
    at: str = ''
    proved: Mapping[Depth, str] = dataclasses.field(default_factory=dict)
    hashed_at: str = ''


def standing(rows: Iterable[tuple[str, Row]]) -> Standing:
    """Return the combined result of all verifications of a backup.

    A damage counts until a verification that is at least as deep as the one
    that found it finds the backup good.

    :param rows: the results with the times of the verifications, the oldest
        first.
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
    """Return the depth that a result proves, NONE for none.

    A test restore whose bytes could not be compared only proves that the copy
    exists.
    """
    if row.result is Result.UNPROVED and row.depth is Depth.RESTORE:
        return Depth.FILES
    return row.depth
