# SPDX-License-Identifier: Apache-2.0
"""The events that the schedule hears, and the actions that it orders.

A group has at most one flow under way. So an event names the group, not the
flow.
"""

import dataclasses
import enum

from backupclient.model import graphs


class News(enum.StrEnum):
    """What has happened to a group.

    The worker of a flow undoes the flow before it reports a failure. Only
    after ``DONE``, ``LOST``, ``LOGIN_ENDED`` and ``BUSY`` may results be left.
    """

    CLAIMED = 'claimed'
    BUSY = 'busy'
    DONE = 'done'
    UNDONE = 'undone'
    FAILED = 'failed'
    GONE = 'gone'
    """A resource that the flow builds on or waits for is missing."""
    REFUSED = 'refused'
    """The cloud refused a request for lack of quota."""
    UNAVAILABLE = 'unavailable'
    """The service that the flow probes does not answer."""
    STUCK = 'stuck'
    """The service does not answer, and the resource cannot be used."""
    INTERRUPTED = 'interrupted'
    UNWRITTEN = 'unwritten'
    """The journal cannot be written."""
    LOST = 'lost'
    """The worker has died without undoing anything."""
    LOGIN_ENDED = 'login ended'


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something has happened to a group.

    :param reason: a sentence for a person, ``''`` for none.
    """

    news: News
    group: str
    reason: str = ''


class Act(enum.StrEnum):
    """An order for a group."""

    CLAIM = 'claim'
    """Claim the group in the lease, unless another run has."""
    DO = 'do'
    UNDO = 'undo'
    REPLACE = 'replace'
    """Record that the group uses its fallback from now on."""
    REOPEN = 'reopen'
    """Forget the records of its flows: the group runs again."""
    DISPROVE = 'disprove'
    """Report that the fact which the group has probed is false."""
    END = 'end'


class Ending(enum.StrEnum):
    """How a group ends. An open group is left for a resume."""

    COMPLETE = 'complete'
    FAILED = 'failed'
    SKIPPED = 'skipped'
    OPEN = 'open'


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """An order of the schedule.

    :param flow: the flow to do or undo, None for other acts.
    :param ending: the ending of the group, if the act is ``END``.
    :param reason: the reason of the ending, ``''`` for none.
    """

    act: Act
    group: str
    flow: graphs.Flow | None = None
    ending: Ending = Ending.OPEN
    reason: str = ''
