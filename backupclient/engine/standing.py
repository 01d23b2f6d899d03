# SPDX-License-Identifier: Apache-2.0
"""How one group of flows stands."""

from collections import Counter
import dataclasses
import enum

from backupclient.engine import messages
from backupclient.model import graph as graph_


class Phase(enum.Enum):
    """What a group does.

    ``ASSIGNED``: it has a slot and its quota, and waits for its claim or for
    a flow on demand. ``PARKED``: it was refused for quota, is undone, and
    waits until it is alone.
    """

    WAITING = enum.auto()
    ASSIGNED = enum.auto()
    RUNNING = enum.auto()
    UNDOING = enum.auto()
    PARKED = enum.auto()
    ENDED = enum.auto()


class Mark(enum.Enum):
    """What is remembered of a group.

    ``BEGUN``: its current flow may have begun. ``RESUMED``: an earlier
    process did a part of it. ``REFUSED``: it was, once, for quota.
    """

    CLAIMED = enum.auto()
    BEGUN = enum.auto()
    RESUMED = enum.auto()
    REFUSED = enum.auto()


class Next(enum.Enum):
    """What follows when a group is undone."""

    END = enum.auto()
    AGAIN = enum.auto()
    ALONE = enum.auto()
    INSTEAD = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a group ends, or what follows when it is undone."""

    ending: messages.Ending
    reason: str = ''
    next: Next = Next.END


COMPLETE = Verdict(messages.Ending.COMPLETE)


@dataclasses.dataclass(slots=True)
class Standing:
    """How a group stands.

    :param flows: those of its present way.
    :param at: the number of its next flow, or of the one that is under way.
    :param verdict: None as long as all goes well.
    """

    flows: tuple[graph_.Flow, ...]
    at: int = 0
    phase: Phase = Phase.WAITING
    verdict: Verdict | None = None
    marks: set[Mark] = dataclasses.field(default_factory=set)

    @property
    def flow(self) -> graph_.Flow:
        """The next flow, or the one that is under way."""
        return self.flows[self.at]

    @property
    def begun(self) -> bool:
        """Whether it may have made anything."""
        return self.at > 0 or Mark.BEGUN in self.marks

    @property
    def always(self) -> int:
        """The number of the flow that runs on every way out, or -1."""
        numbers = (n for n, flow in enumerate(self.flows) if flow.always)
        return next(numbers, -1)

    @property
    def keeps(self) -> graph_.Amounts:
        """The quota that stays taken when the group is complete."""
        return tuple(each for flow in self.flows for each in flow.keeps)

    def later(self, at: int) -> graph_.Amounts:
        """Count what the group still takes after one of its flows."""
        counts: Counter[str] = Counter()
        for flow in self.flows[at + 1 :]:
            counts.update(dict(flow.takes))
        return graph_.amounts(counts)
