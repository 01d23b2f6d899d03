# SPDX-License-Identifier: Apache-2.0
"""The rows of ``prune``: its decision for each backup, and the result."""

import dataclasses
import enum

SET = 'set'
"""The kind of a row about a whole set."""


class Action(enum.StrEnum):
    """What happens to a backup, or has happened to it."""

    KEEP = 'keep'
    DELETE = 'delete'
    DELETED = 'deleted'
    FAILED = 'failed'


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """The backup of a resource in one run and one place.

    :param captured: UTC, ISO 8601, ``''`` if unknown.
    :param kind: the resource's kind, or ``set``: then ``id`` is the run's.
    :param place: ``cloud``, or the target.
    :param size: in bytes, None if unknown or if the data are elsewhere.
    :param reasons: why the backup is kept, or why its deletion failed: a rule
        as the user typed it, or a sentence.
    :param artifact: the ID of the artifact in the cloud, ``''`` for none.
    """

    run: str
    captured: str
    kind: str
    name: str
    id: str
    place: str
    size: int | None
    action: Action
    reasons: tuple[str, ...] = ()
    artifact: str = ''

    @property
    def goes(self) -> bool:
        """True if the backup is to be deleted."""
        return self.action is Action.DELETE

    @property
    def label(self) -> str:
        """The kind, the name, the ID and the run, for messages."""
        name = f' "{self.name}"' if self.name else ''
        return f'{self.kind}{name} ({self.id}) of run {self.run}'
