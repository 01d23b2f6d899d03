# SPDX-License-Identifier: Apache-2.0
"""The state of one group of flows."""

from collections import Counter
import dataclasses
import enum

from backupclient.engine import messages
from backupclient.model import graphs


class Phase(enum.Enum):
    """What a group does just now.

    ``WAITING``: for what its next flow needs, or for its turn. ``ASSIGNED``:
    it has a slot and its quota, and waits for its claim or for a scope.
    ``PARKED``: it is tried once more when nothing else is under way.
    """

    WAITING = enum.auto()
    ASSIGNED = enum.auto()
    RUNNING = enum.auto()
    UNDOING = enum.auto()
    PARKED = enum.auto()
    ENDED = enum.auto()


class Mark(enum.Enum):
    """What the schedule remembers of a group.

    ``CLAIMED``: this process has claimed it. ``BEGUN``: its current flow may
    have begun. ``RESUMED``: an earlier process did a part of it. ``REFUSED``:
    its last try was refused for quota, or the last flow of a scope failed.
    """

    CLAIMED = enum.auto()
    BEGUN = enum.auto()
    RESUMED = enum.auto()
    REFUSED = enum.auto()


class Next(enum.Enum):
    """What follows when a group is undone.

    ``END``: it ends. ``AGAIN``: it begins anew. ``ALONE``: it begins anew when
    nothing else is under way. ``INSTEAD``: it is done in its other way.
    """

    END = enum.auto()
    AGAIN = enum.auto()
    ALONE = enum.auto()
    INSTEAD = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a group ends, and what comes before that when it is undone."""

    ending: messages.Ending
    reason: str = ''
    next: Next = Next.END


COMPLETE = Verdict(messages.Ending.COMPLETE)


@dataclasses.dataclass(slots=True)
class Standing:
    """The state of a group.

    :param flows: of the way in which it is done now.
    :param at: the number of its next flow, or of the one that is under way.
        The flows before it are done.
    :param verdict: None as long as all goes well.
    """

    flows: tuple[graphs.Flow, ...]
    at: int = 0
    phase: Phase = Phase.WAITING
    verdict: Verdict | None = None
    marks: set[Mark] = dataclasses.field(default_factory=set)

    @property
    def flow(self) -> graphs.Flow:
        """The next flow, or the one that is under way."""
        return self.flows[self.at]

    @property
    def begun(self) -> bool:
        """Whether the group may have made anything."""
        return self.at > 0 or Mark.BEGUN in self.marks

    @property
    def always(self) -> int:
        """The number of the flow that is always done, or -1."""
        numbers = (n for n, flow in enumerate(self.flows) if flow.always)
        return next(numbers, -1)

    @property
    def keeps(self) -> graphs.Amounts:
        """The quota that stays taken when the group is complete."""
        return tuple(each for flow in self.flows for each in flow.keeps)

    def later(self, at: int) -> graphs.Amounts:
        """Count what the group still takes after one of its flows."""
        counts: Counter[str] = Counter()
        for flow in self.flows[at + 1 :]:
            counts.update(dict(flow.takes))
        return graphs.amounts(counts)
