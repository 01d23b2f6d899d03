# SPDX-License-Identifier: Apache-2.0
"""How each group of a run stands, and what follows from that."""

from collections.abc import Iterable, Iterator

from backupclient.engine import messages
from backupclient.engine import standing as standing_
from backupclient.model import graph as graph_

STOPPING = 'asked to stop'
LOGIN_ENDED = 'the login has ended'
"""Facts that no flow finds out: they come from outside."""


class Board:
    """All groups of a run, and the facts that are known.

    :param facts: whether they are true, by their names.
    """

    def __init__(self, graph: graph_.Graph) -> None:
        self.graph = graph
        self.order = {g.id: n for n, g in enumerate(graph.groups)}
        self.standings = {
            g.id: standing_.Standing(g.flows) for g in graph.groups
        }
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

    def __getitem__(self, group: str) -> standing_.Standing:
        return self.standings[group]

    @property
    def over(self) -> bool:
        """True when each group has ended."""
        return all(
            standing.phase is standing_.Phase.ENDED
            for standing in self.standings.values()
        )

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

    def ready(self, group: str) -> standing_.Verdict | bool:
        """Tell whether the next flow of a group has what it waits for.

        What is done on demand can be had. A flow that waits for another one
        which is not going to be done has the verdict that it gets itself.
        """
        flow = self[group].flow
        for edge in flow.waits:
            if edge.kind is graph_.Wait.FACT:
                answer: standing_.Verdict | bool = self._is_known(
                    edge.on, group
                )
            elif edge.kind is graph_.Wait.ENDED:
                answer = self.is_ended(edge.on)
            else:
                answer = self._is_done(edge.on) or self._to_be_had(edge.on)
            if answer is not True:
                return answer
        return True

    def holds(self, scope: str) -> bool:
        """Tell whether the effect of a flow on demand lasts just now."""
        standing = self[scope]
        return (
            standing.at == standing.always > 0
            and standing.phase is standing_.Phase.WAITING
            and standing.verdict is None
        )

    def is_down(self, scope: str) -> bool:
        """Tell whether its flow on demand has begun, and is not made good."""
        standing = self[scope]
        begun = standing.begun or standing.phase is not standing_.Phase.WAITING
        return begun and standing.phase is not standing_.Phase.ENDED

    def is_due(self, group: str) -> bool:
        """Tell whether what is always done after a group is not done yet."""
        standing = self[group]
        return (
            standing.always >= 0
            and standing.begun
            and standing.at <= standing.always
        )

    def is_wanted(self, scope: str) -> bool:
        """Tell whether anyone still needs what is done on demand."""
        standing = self[scope]
        return not all(
            self.is_ended(edge.on)
            for edge in standing.flows[standing.always].waits
            if graph_.group_of(edge.on) != scope
        )

    def is_ended(self, place: str) -> bool:
        """Tell whether a flow is over, whatever became of it."""
        standing = self[graph_.group_of(place)]
        if standing.phase in (standing_.Phase.PARKED, standing_.Phase.UNDOING):
            return place != graph_.end_of(graph_.group_of(place))
        return (
            standing.phase is standing_.Phase.ENDED
            or standing.at > _number(standing, place)
        )

    def rank(self, group: str) -> int:
        """Give the precedence of a group's next flow.

        1 its server is stopped, 2 begun and to give back quota, 3 begun, 4
        new. (0 is for what is undone, 5 for what has to be alone.)
        """
        standing = self[group]
        if any(self.is_down(each) for each in self.scopes(standing.flow)):
            return 1
        if not standing.begun:
            return 4
        return (
            2
            if any(f.gives_back for f in standing.flows[standing.at :])
            else 3
        )

    def may_probe(self, group: str) -> None:
        """Let a group be the next one to find out the fact of its flow."""
        standing = self[group]
        if standing.at < len(standing.flows) and standing.flow.probes:
            self._probers.setdefault(standing.flow.probes, []).append(group)

    def probers(self, fact: str) -> list[str]:
        """Give all groups whose next flow depends on a fact, in order."""
        return [
            group
            for group, standing in self.standings.items()
            if standing.phase
            in (standing_.Phase.WAITING, standing_.Phase.ASSIGNED)
            and standing.at < len(standing.flows)
            and standing.flow.probes == fact
        ]

    def prober(self, fact: str) -> str:
        """Give the group that finds out a fact, ``''`` when none is left."""
        groups = self._probers.get(fact, [])
        while groups:
            standing = self[groups[-1]]
            if (
                standing.phase
                in (
                    standing_.Phase.WAITING,
                    standing_.Phase.ASSIGNED,
                    standing_.Phase.RUNNING,
                )
                and standing.at < len(standing.flows)
                and standing.flow.probes == fact
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
        standing = self[group]
        if place in self._on_demand:
            return self.holds(group)
        well = standing.verdict in (None, standing_.COMPLETE)
        return well and standing.at > _number(standing, place)

    def _to_be_had(self, place: str) -> standing_.Verdict | bool:
        """Tell whether a flow that is not done will be, if it is asked for.

        :returns: a verdict when it will never be.
        """
        group = graph_.group_of(place)
        standing, demanded = self[group], place in self._on_demand
        verdict = standing.verdict
        if (
            verdict not in (None, standing_.COMPLETE)
            and verdict.next is standing_.Next.END
        ):
            if verdict.ending is messages.Ending.FAILED and not demanded:
                # It was not tried itself.
                return standing_.Verdict(
                    messages.Ending.SKIPPED, verdict.reason
                )
            return verdict
        if not demanded:
            return False
        if (
            standing.at < standing.always
            or standing.phase is standing_.Phase.ENDED
        ):
            return all(
                self._is_known(edge.on, group)
                for edge in standing.flows[0].waits
                if edge.kind is graph_.Wait.FACT
            )
        return False


def _number(standing: standing_.Standing, place: str) -> int:
    part = place.rpartition('/')[2]
    return next(
        (n for n, flow in enumerate(standing.flows) if flow.part == part),
        len(standing.flows),
    )
