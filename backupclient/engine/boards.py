# SPDX-License-Identifier: Apache-2.0
"""The state of all groups of a run, and what follows from it.

A *scope* is a group whose first flow is done on demand and whose last flow is
always done: the downtime of a server. The flows that demand the first one are
the captures of its disks.
"""

from collections.abc import Iterable, Iterator

from backupclient.engine import messages
from backupclient.engine import standings
from backupclient.model import graphs

STOPPING = 'asked to stop'
LOGIN_ENDED = 'the login has ended'
"""Facts that come from outside: no flow finds them out."""


class Board:
    """The groups of a run, and the facts that are known.

    :param standings: the state of each group, by its ID.
    :param facts: whether a fact is true, by its name.
    """

    def __init__(self, graph: graphs.Graph) -> None:
        self.graph = graph
        self.order = {g.id: n for n, g in enumerate(graph.groups)}
        self.standings = {
            g.id: standings.Standing(g.flows) for g in graph.groups
        }
        self.facts: dict[str, bool] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._on_demand = {f.place for f in graph.flows() if f.on_demand}
        # By fact: the groups that could find it out, the first one last.
        self._probers: dict[str, list[str]] = {}
        for flow in graph.flows():
            for edge in flow.waits:
                if edge.kind is not graphs.Wait.FACT:
                    other = graphs.group_of(edge.on)
                    self._dependents.setdefault(other, {})[flow.group] = None
        for group in reversed(graph.groups):
            self.may_probe(group.id)

    def __getitem__(self, group: str) -> standings.Standing:
        return self.standings[group]

    @property
    def over(self) -> bool:
        """True when each group has ended."""
        return all(
            standing.phase is standings.Phase.ENDED
            for standing in self.standings.values()
        )

    def dependents(self, group: str) -> Iterable[str]:
        """Return the other groups with a flow that waits for this group."""
        every = self._dependents.get(group, ())
        return [each for each in every if each != group]

    def scopes(self, flow: graphs.Flow) -> Iterator[str]:
        """Yield the scopes that a flow needs."""
        for edge in flow.waits:
            done = edge.kind is graphs.Wait.DONE
            if done and edge.on in self._on_demand:
                yield graphs.group_of(edge.on)

    def ready(self, group: str) -> standings.Verdict | bool:
        """Tell whether the next flow of a group may start.

        A flow that is done on demand need not be done yet.

        :returns: a verdict for the group when the flow can never start,
            because another flow has failed.
        """
        flow = self[group].flow
        for edge in flow.waits:
            if edge.kind is graphs.Wait.FACT:
                answer: standings.Verdict | bool = self._is_known(
                    edge.on, group
                )
            elif edge.kind is graphs.Wait.ENDED:
                answer = self.is_ended(edge.on)
            else:
                answer = self._is_done(edge.on) or self._will_be_done(edge.on)
            if answer is not True:
                return answer
        return True

    def is_in_effect(self, scope: str) -> bool:
        """Tell whether the first flow of a scope is done, and not made good.

        This is the time in which a server is stopped.
        """
        standing = self[scope]
        return (
            standing.at == standing.always > 0
            and standing.phase is standings.Phase.WAITING
            and standing.verdict is None
        )

    def is_open(self, scope: str) -> bool:
        """Tell whether a scope has begun and not ended."""
        standing = self[scope]
        begun = standing.begun or standing.phase is not standings.Phase.WAITING
        return begun and standing.phase is not standings.Phase.ENDED

    def is_due(self, group: str) -> bool:
        """Tell whether a scope has begun and its last flow is not done yet."""
        standing = self[group]
        return (
            standing.always >= 0
            and standing.begun
            and standing.at <= standing.always
        )

    def is_wanted(self, scope: str) -> bool:
        """Tell whether a flow still needs a scope."""
        standing = self[scope]
        return not all(
            self.is_ended(edge.on)
            for edge in standing.flows[standing.always].waits
            if graphs.group_of(edge.on) != scope
        )

    def is_ended(self, place: str) -> bool:
        """Tell whether a flow is over, whether it went well or not."""
        standing = self[graphs.group_of(place)]
        if standing.phase in (standings.Phase.PARKED, standings.Phase.UNDOING):
            return place != graphs.end_of(graphs.group_of(place))
        return (
            standing.phase is standings.Phase.ENDED
            or standing.at > _number(standing, place)
        )

    def rank(self, group: str) -> int:
        """Return the priority of a group's next flow.

        1: it needs a scope that is open. 2: its group has begun and will give
        quota back. 3: its group has begun. 4: its group is new. (0 is for
        flows that are undone, 5 for groups that have to be alone.)
        """
        standing = self[group]
        if any(self.is_open(each) for each in self.scopes(standing.flow)):
            return 1
        if not standing.begun:
            return 4
        return (
            2
            if any(f.gives_back for f in standing.flows[standing.at :])
            else 3
        )

    def may_probe(self, group: str) -> None:
        """Let a group find out the fact of its flow when its turn comes."""
        standing = self[group]
        if standing.at < len(standing.flows) and standing.flow.probes:
            self._probers.setdefault(standing.flow.probes, []).append(group)

    def probers(self, fact: str) -> list[str]:
        """Return all groups whose next flow depends on a fact."""
        return [
            group
            for group, standing in self.standings.items()
            if standing.phase in _BEFORE
            and standing.at < len(standing.flows)
            and standing.flow.probes == fact
        ]

    def prober(self, fact: str) -> str:
        """Return the group that finds out a fact, ``''`` if none is left."""
        groups = self._probers.get(fact, [])
        while groups:
            standing = self[groups[-1]]
            if (
                standing.phase
                in (
                    standings.Phase.WAITING,
                    standings.Phase.ASSIGNED,
                    standings.Phase.RUNNING,
                )
                and standing.at < len(standing.flows)
                and standing.flow.probes == fact
            ):
                return groups[-1]
            groups.pop()
        return ''

    def _is_known(self, fact: str, group: str) -> bool:
        """Tell whether a group need not wait for a fact.

        The group that finds the fact out does not wait, nor do the scopes
        that it needs. When no group is left that could find it out, no group
        waits.
        """
        prober = self.prober(fact)
        if fact in self.facts or prober in ('', group):
            return True
        return group in self.scopes(self[prober].flow)

    def _is_done(self, place: str) -> bool:
        group = graphs.group_of(place)
        standing = self[group]
        if place in self._on_demand:
            return self.is_in_effect(group)
        well = standing.verdict in (None, standings.COMPLETE)
        return well and standing.at > _number(standing, place)

    def _will_be_done(self, place: str) -> standings.Verdict | bool:
        """Tell whether a flow that is not done can be done on demand.

        :returns: a verdict for the flow that waits, when it never will be.
        """
        group = graphs.group_of(place)
        standing, demanded = self[group], place in self._on_demand
        verdict = standing.verdict
        if (
            verdict not in (None, standings.COMPLETE)
            and verdict.next is standings.Next.END
        ):
            if verdict.ending is messages.Ending.FAILED and not demanded:
                # The flow that waits was not tried.
                return standings.Verdict(
                    messages.Ending.SKIPPED, verdict.reason
                )
            return verdict
        if not demanded:
            return False
        if (
            standing.at < standing.always
            or standing.phase is standings.Phase.ENDED
        ):
            return all(
                self._is_known(edge.on, group)
                for edge in standing.flows[0].waits
                if edge.kind is graphs.Wait.FACT
            )
        return False


_BEFORE = {
    standings.Phase.WAITING,
    standings.Phase.ASSIGNED,
    standings.Phase.PARKED,
}
"""Phases of a group whose next flow has not been started."""


def _number(standing: standings.Standing, place: str) -> int:
    part = place.rpartition('/')[2]
    return next(
        (n for n, flow in enumerate(standing.flows) if flow.part == part),
        len(standing.flows),
    )
