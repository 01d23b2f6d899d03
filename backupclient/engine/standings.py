# SPDX-License-Identifier: Apache-2.0
"""The state of one group of flows."""

from collections import Counter
import dataclasses
import enum

from backupclient.engine import messages
from backupclient.model import graphs


class Phase(enum.Enum):
    """What a group does now.

    ``WAITING``: its next flow waits for other flows or for a slot.
    ``ASSIGNED``: it has a slot and quota, and waits for its claim or a scope.
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
    the cloud refused its last try for lack of quota; for a scope, its last
    flow has failed once.
    """

    CLAIMED = enum.auto()
    BEGUN = enum.auto()
    RESUMED = enum.auto()
    REFUSED = enum.auto()


class Next(enum.Enum):
    """What follows when a group is undone.

    ``END``: it ends. ``AGAIN``: it starts again. ``ALONE``: it starts again
    when nothing else is under way. ``INSTEAD``: it starts again, as its
    fallback.
    """

    END = enum.auto()
    AGAIN = enum.auto()
    ALONE = enum.auto()
    INSTEAD = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The planned end of a group, and what follows after its undoing."""

    ending: messages.Ending
    reason: str = ''
    next: Next = Next.END


COMPLETE = Verdict(messages.Ending.COMPLETE)


@dataclasses.dataclass(slots=True)
class Standing:
    """The state of a group.

    :param flows: its flows, those of the fallback if it uses that.
    :param at: the number of the flow that is next or under way. The flows
        before it are done.
    :param verdict: None as long as nothing has failed.
    """

    flows: tuple[graphs.Flow, ...]
    at: int = 0
    phase: Phase = Phase.WAITING
    verdict: Verdict | None = None
    marks: set[Mark] = dataclasses.field(default_factory=set)

    @property
    def flow(self) -> graphs.Flow:
        """The flow that is next or under way."""
        return self.flows[self.at]

    @property
    def begun(self) -> bool:
        """Whether the group may have created anything."""
        return self.at > 0 or Mark.BEGUN in self.marks

    @property
    def always(self) -> int:
        """The number of the flow that always runs, -1 for none."""
        numbers = (n for n, flow in enumerate(self.flows) if flow.always)
        return next(numbers, -1)

    @property
    def keeps(self) -> graphs.Amounts:
        """The quota that stays taken when the group is complete."""
        return tuple(each for flow in self.flows for each in flow.keeps)

    def later(self, at: int) -> graphs.Amounts:
        """Return the quota that the flows after flow number ``at`` take."""
        counts: Counter[str] = Counter()
        for flow in self.flows[at + 1 :]:
            counts.update(dict(flow.takes))
        return graphs.amounts(counts)
