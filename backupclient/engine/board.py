# SPDX-License-Identifier: Apache-2.0
"""How each group of a run stands, and what follows from that."""

from collections import Counter
from collections.abc import Iterable, Iterator
import dataclasses
import enum

from backupclient.engine import messages
from backupclient.model import graph as graph_

STOPPING = 'asked to stop'
LOGIN_ENDED = 'the login has ended'
"""Facts that no flow finds out: they come from outside."""


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


class Board:
    """All groups of a run, and the facts that are known.

    :param facts: whether they are true, by their names.
    """

    def __init__(self, graph: graph_.Graph) -> None:
        self.graph = graph
        self.order = {g.id: n for n, g in enumerate(graph.groups)}
        self.standings = {g.id: Standing(g.flows) for g in graph.groups}
        self.facts: dict[str, bool] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._on_demand = {f.place for f in graph.flows() if f.on_demand}
        # Who could find out a fact, the first one last.
        self._probers: dict[str, list[str]] = {}
        for flow in graph.flows():
            for edge in flow.waits:
                if edge.kind is not graph_.Wait.FACT:
                    other = graph_.group_of(edge.on)
                    self._dependents.setdefault(other, {})[flow.group] = None
        for group in reversed(graph.groups):
            self.may_probe(group.id)

    def __getitem__(self, group: str) -> Standing:
        return self.standings[group]

    @property
    def over(self) -> bool:
        """True when each group has ended."""
        return all(one.phase is Phase.ENDED for one in self.standings.values())

    def dependents(self, group: str) -> Iterable[str]:
        """Give the other groups that have a flow which waits for this one."""
        every = self._dependents.get(group, ())
        return [each for each in every if each != group]

    def scopes(self, flow: graph_.Flow) -> Iterator[str]:
        """Give the groups whose flow on demand this flow waits for."""
        for edge in flow.waits:
            done = edge.kind is graph_.Wait.DONE
            if done and edge.on in self._on_demand:
                yield graph_.group_of(edge.on)

    def ready(self, group: str) -> Verdict | bool:
        """Tell whether the next flow of a group has what it waits for.

        What is done on demand can be had. A flow that waits for another one
        which is not going to be done has the verdict that it gets itself.
        """
        flow = self[group].flow
        for edge in flow.waits:
            if edge.kind is graph_.Wait.FACT:
                answer: Verdict | bool = self._is_known(edge.on, group)
            elif edge.kind is graph_.Wait.ENDED:
                answer = self.is_ended(edge.on)
            else:
                answer = self._is_done(edge.on) or self._to_be_had(edge.on)
            if answer is not True:
                return answer
        return True

    def holds(self, scope: str) -> bool:
        """Tell whether the effect of a flow on demand lasts just now."""
        one = self[scope]
        return (
            one.at == one.always > 0
            and one.phase is Phase.WAITING
            and one.verdict is None
        )

    def is_down(self, scope: str) -> bool:
        """Tell whether its flow on demand has begun, and is not made good."""
        one = self[scope]
        begun = one.begun or one.phase is not Phase.WAITING
        return begun and one.phase is not Phase.ENDED

    def is_due(self, group: str) -> bool:
        """Tell whether what is always done after a group is not done yet."""
        one = self[group]
        return one.always >= 0 and one.begun and one.at <= one.always

    def is_wanted(self, scope: str) -> bool:
        """Tell whether anyone still needs what is done on demand."""
        one = self[scope]
        return not all(
            self.is_ended(edge.on)
            for edge in one.flows[one.always].waits
            if graph_.group_of(edge.on) != scope
        )

    def is_ended(self, place: str) -> bool:
        """Tell whether a flow is over, whatever became of it."""
        one = self[graph_.group_of(place)]
        if one.phase in (Phase.PARKED, Phase.UNDOING):
            return place != graph_.end_of(graph_.group_of(place))
        return one.phase is Phase.ENDED or one.at > _number(one, place)

    def rank(self, group: str) -> int:
        """Give the precedence of a group's next flow.

        1 its server is stopped, 2 begun and to give back quota, 3 begun, 4
        new. (0 is for what is undone, 5 for what has to be alone.)
        """
        one = self[group]
        if any(self.is_down(each) for each in self.scopes(one.flow)):
            return 1
        if not one.begun:
            return 4
        return 2 if any(f.gives_back for f in one.flows[one.at :]) else 3

    def may_probe(self, group: str) -> None:
        """Let a group be the next one to find out the fact of its flow."""
        one = self[group]
        if one.at < len(one.flows) and one.flow.probes:
            self._probers.setdefault(one.flow.probes, []).append(group)

    def probers(self, fact: str) -> list[str]:
        """Give all groups whose next flow depends on a fact, in order."""
        return [
            group
            for group, one in self.standings.items()
            if one.phase in (Phase.WAITING, Phase.ASSIGNED)
            and one.at < len(one.flows)
            and one.flow.probes == fact
        ]

    def prober(self, fact: str) -> str:
        """Give the group that finds out a fact, ``''`` when none is left."""
        groups = self._probers.get(fact, [])
        while groups:
            one = self[groups[-1]]
            if (
                one.phase in (Phase.WAITING, Phase.ASSIGNED, Phase.RUNNING)
                and one.at < len(one.flows)
                and one.flow.probes == fact
            ):
                return groups[-1]
            groups.pop()
        return ''

    def _is_known(self, fact: str, group: str) -> bool:
        """Tell whether a group may go on as far as a fact is concerned.

        The group that finds it out may, and what is done on demand for that
        group. When no group is left that could, nobody waits for it.
        """
        prober = self.prober(fact)
        if fact in self.facts or prober in ('', group):
            return True
        return group in self.scopes(self[prober].flow)

    def _is_done(self, place: str) -> bool:
        group = graph_.group_of(place)
        one = self[group]
        if place in self._on_demand:
            return self.holds(group)
        well = one.verdict in (None, COMPLETE)
        return well and one.at > _number(one, place)

    def _to_be_had(self, place: str) -> Verdict | bool:
        """Tell whether a flow that is not done will be, if it is asked for.

        :returns: a verdict when it will never be.
        """
        group = graph_.group_of(place)
        one, demanded = self[group], place in self._on_demand
        verdict = one.verdict
        if verdict not in (None, COMPLETE) and verdict.next is Next.END:
            if verdict.ending is messages.Ending.FAILED and not demanded:
                # It was not tried itself.
                return Verdict(messages.Ending.SKIPPED, verdict.reason)
            return verdict
        if not demanded:
            return False
        if one.at < one.always or one.phase is Phase.ENDED:
            return all(
                self._is_known(edge.on, group)
                for edge in one.flows[0].waits
                if edge.kind is graph_.Wait.FACT
            )
        return False


def _number(standing: Standing, place: str) -> int:
    part = place.rpartition('/')[2]
    return next(
        (n for n, flow in enumerate(standing.flows) if flow.part == part),
        len(standing.flows),
    )
