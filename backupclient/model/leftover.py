# SPDX-License-Identifier: Apache-2.0
"""The resources and sets that an interrupted run has left."""

import dataclasses
import datetime
import enum


class LeftoverKind(enum.StrEnum):
    """The kinds of leftovers, in the order in which to delete them.

    Servers and images come before volumes, because Cinder does not delete a
    volume that is attached or being copied to an image. Snapshots and secrets
    come after the volumes that depend on them.
    """

    SERVER = 'server'
    IMAGE = 'image'
    VOLUME = 'volume'
    SNAPSHOT = 'snapshot'
    BACKUP = 'backup'
    SECRET = 'secret'
    LEASE = 'lease'
    SET = 'set'


class Action(enum.StrEnum):
    """What happens to a leftover, or has happened to it."""

    DELETE = 'delete'
    DELETED = 'deleted'
    FAILED = 'failed'
    KEEP = 'keep'


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """A leftover: a resource or set that is useless once its run is dead.

    :param age: by the cloud's clock; zero if the cloud does not show it.
    :param size: in bytes, None if it has none.
    :param reason: why it is kept, or why the deletion failed, in a sentence.
    """

    kind: LeftoverKind
    name: str
    id: str
    run: str
    age: datetime.timedelta
    size: int | None = None
    action: Action = Action.DELETE
    reason: str = ''

    @property
    def goes(self) -> bool:
        """True if it is to be deleted."""
        return self.action is Action.DELETE

    @property
    def label(self) -> str:
        """The kind, the name and the ID, for messages."""
        return f'{self.kind} "{self.name}" ({self.id})'
