# SPDX-License-Identifier: Apache-2.0
"""Events for the schedule, and actions that it orders. Values.

Of a group at most one flow is under way at a time. So an event names the
group, and not the flow.
"""

import dataclasses
import enum

from backupclient.model import graphs


class News(enum.StrEnum):
    """What has happened to a group.

    Except after ``DONE``, ``LOST``, ``LOGIN_ENDED`` and ``BUSY``, nothing of
    the flow that was under way is left: its worker has undone it.
    """

    CLAIMED = 'claimed'
    BUSY = 'busy'
    DONE = 'done'
    UNDONE = 'undone'
    FAILED = 'failed'
    GONE = 'gone'
    """A resource that the flow builds on or waits for is not there."""
    REFUSED = 'refused'
    """The quota is used up."""
    UNAVAILABLE = 'unavailable'
    """The service that the flow probes does not answer."""
    STUCK = 'stuck'
    """The service does not answer, and the resource cannot be used."""
    INTERRUPTED = 'interrupted'
    UNWRITTEN = 'unwritten'
    """The journal cannot be written."""
    LOST = 'lost'
    """The worker has died, and has undone nothing."""
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
    """Claim it in the lease, unless another run has."""
    DO = 'do'
    UNDO = 'undo'
    REPLACE = 'replace'
    """Do it in its other way from now on."""
    REOPEN = 'reopen'
    """Forget the records of its flows: it is done once more."""
    DISPROVE = 'disprove'
    """Tell people that the fact which it has probed is false."""
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
    flow: graphs.Flow | None = None
    ending: Ending = Ending.OPEN
    reason: str = ''
