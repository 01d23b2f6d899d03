# SPDX-License-Identifier: Apache-2.0
"""What the schedule hears and what it orders. Values.

Of a group at most one flow is under way at a time. So an event names the
group, and not the flow.
"""

import dataclasses
import enum

from backupclient.model import graph as graph_


class News(enum.StrEnum):
    """What can happen to a group.

    Except after ``DONE``, ``LOST``, ``LOGIN_ENDED`` and ``BUSY``, nothing of
    the flow that was under way is left: its worker has undone it.
    """

    CLAIMED = 'claimed'
    BUSY = 'busy'
    DONE = 'done'
    UNDONE = 'undone'
    FAILED = 'failed'
    GONE = 'gone'
    """What the flow builds on, or waits for, is not there any more."""
    REFUSED = 'refused'
    """The quota has no room for it."""
    UNAVAILABLE = 'unavailable'
    """The service of its fact does not answer."""
    STUCK = 'stuck'
    """Nor does it let go of the resource."""
    INTERRUPTED = 'interrupted'
    UNWRITTEN = 'unwritten'
    """The journal cannot be written."""
    LOST = 'lost'
    """Its worker is gone, and has undone nothing."""
    LOGIN_ENDED = 'login ended'


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something has happened to a group.

    :param reason: in a sentence, for a person.
    """

    news: News
    group: str
    reason: str = ''


class Act(enum.StrEnum):
    """What can be ordered for a group."""

    CLAIM = 'claim'
    """Say that this run works on it, unless another run does."""
    DO = 'do'
    UNDO = 'undo'
    REPLACE = 'replace'
    """From now on it is done in its other way."""
    REOPEN = 'reopen'
    """It is done once more: what was noted of the last time is forgotten."""
    DISPROVE = 'disprove'
    """The fact that it has probed is false."""
    END = 'end'


class Ending(enum.StrEnum):
    """How a group ends. An open one is for a resume."""

    COMPLETE = 'complete'
    FAILED = 'failed'
    SKIPPED = 'skipped'
    OPEN = 'open'


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """An order of the schedule.

    :param flow: to do or to undo.
    :param ending: of a group that ends, with the reason.
    """

    act: Act
    group: str
    flow: graph_.Flow | None = None
    ending: Ending = Ending.OPEN
    reason: str = ''
