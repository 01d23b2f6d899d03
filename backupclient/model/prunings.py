# SPDX-License-Identifier: Apache-2.0
"""What ``prune`` decides for each backup, and what became of it."""

import dataclasses
import enum

SET = 'set'
"""The kind of a row about a whole set."""


class Action(enum.StrEnum):
    """What is done about a backup."""

    KEEP = 'keep'
    DELETE = 'delete'
    DELETED = 'deleted'
    FAILED = 'failed'


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One resource in one run in one place.

    :param captured: UTC, ISO 8601, ``''`` where it is not known.
    :param kind: of the resource, or ``set``: then ``id`` is the run's.
    :param place: ``cloud``, or the target.
    :param size: in bytes, None where the data are elsewhere or not known.
    :param reasons: of ``keep`` and ``failed``: a rule as it was typed, or a
        sentence.
    :param artifact: the ID of what stays in the cloud, ``''`` for none.
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
        """True when it is to be deleted."""
        return self.action is Action.DELETE

    @property
    def label(self) -> str:
        """The kind, the name, the ID and the run, for messages."""
        name = f' "{self.name}"' if self.name else ''
        return f'{self.kind}{name} ({self.id}) of run {self.run}'
