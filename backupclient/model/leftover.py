# SPDX-License-Identifier: Apache-2.0
"""What an interrupted run left in the project."""

import dataclasses
import datetime
import enum


class Kind(enum.StrEnum):
    """What it is, in the order in which it has to go.

    A server holds its volumes. An image comes before them: a volume is busy
    while it is copied. A volume depends on its snapshot, and on its key.
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
    """What is done about it."""

    DELETE = 'delete'
    DELETED = 'deleted'
    FAILED = 'failed'
    KEEP = 'keep'


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """A thing in the cloud that serves nobody once its run is dead.

    :param age: by the cloud's clock; nothing where the cloud does not tell.
    :param size: in bytes, None where it has none.
    :param reason: of ``keep`` and ``failed``, in a sentence.
    """

    kind: Kind
    name: str
    id: str
    run: str
    age: datetime.timedelta
    size: int | None = None
    action: Action = Action.DELETE
    reason: str = ''

    @property
    def goes(self) -> bool:
        """True when it is to be deleted."""
        return self.action is Action.DELETE

    @property
    def label(self) -> str:
        """The kind, the name and the ID, for messages."""
        return f'{self.kind} "{self.name}" ({self.id})'
