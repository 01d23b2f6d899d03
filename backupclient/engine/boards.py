# SPDX-License-Identifier: Apache-2.0
"""The state of all groups of a run, and questions about it.

A *scope* is a group whose first flow runs on demand and whose last flow always
runs: the downtime of a server. The captures of the server's disks demand its
first flow, which stops the server. The last flow starts it again.
"""

from collections.abc import Iterable, Iterator

from backupclient.engine import messages
from backupclient.engine import standings
from backupclient.model import graphs

STOPPING = 'asked to stop'
LOGIN_ENDED = 'the login has ended'
"""Facts that no flow finds out; the schedule sets them."""


class Board:
    """The groups of a run, and the facts that are known.

    :param standings: the state of each group, by its ID.
    :param facts: whether a known fact is true, by its name.
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
        """True if each group has ended."""
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
        """Return whether the next flow of a group may start.

        A flow on demand that it waits for need not be done yet.

        :returns: True or False; a verdict for the group if the flow can never
            start, because another flow has failed.
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
        """Return whether a scope's first flow is done and its last not begun.

        In this state the server is stopped.
        """
        standing = self[scope]
        return (
            standing.at == standing.always > 0
            and standing.phase is standings.Phase.WAITING
            and standing.verdict is None
        )

    def is_open(self, scope: str) -> bool:
        """Return whether a scope has begun and not ended."""
        standing = self[scope]
        begun = standing.begun or standing.phase is not standings.Phase.WAITING
        return begun and standing.phase is not standings.Phase.ENDED

    def is_due(self, group: str) -> bool:
        """Return whether the last flow of a scope still has to run."""
        standing = self[group]
        return (
            standing.always >= 0
            and standing.begun
            and standing.at <= standing.always
        )

    def is_wanted(self, scope: str) -> bool:
        """Return whether a flow that has not ended needs a scope."""
        standing = self[scope]
        return not all(
            self.is_ended(edge.on)
            for edge in standing.flows[standing.always].waits
            if graphs.group_of(edge.on) != scope
        )

    def is_ended(self, place: str) -> bool:
        """Return whether a flow is over, successful or not.

        :param place: the place of the flow, or of the end of a group.
        """
        standing = self[graphs.group_of(place)]
        if standing.phase in (standings.Phase.PARKED, standings.Phase.UNDOING):
            return place != graphs.end_of(graphs.group_of(place))
        return (
            standing.phase is standings.Phase.ENDED
            or standing.at > _number(standing, place)
        )

    def rank(self, group: str) -> int:
        """Return the priority of a group's next flow, the lowest first.

        1: it needs an open scope: a server is stopped. 2: its group has begun
        and will free quota. 3: its group has begun. 4: its group is new.
        (0 is for groups that are undone, 5 for groups that must run alone.)
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
        """Add a group to those that can find out the fact of its next flow."""
        standing = self[group]
        if standing.at < len(standing.flows) and standing.flow.probes:
            self._probers.setdefault(standing.flow.probes, []).append(group)

    def probers(self, fact: str) -> list[str]:
        """Return all groups with a next flow that probes a fact."""
        return [
            group
            for group, standing in self.standings.items()
            if standing.phase in _BEFORE
            and standing.at < len(standing.flows)
            and standing.flow.probes == fact
        ]

    def prober(self, fact: str) -> str:
        """Return the next group that may probe a fact, ``''`` for none."""
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
        """Return whether a group can start without waiting for a fact.

        The group that probes the fact does not wait, nor do the scopes that
        it needs. If no group is left that could probe it, no group waits.
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
        """Return whether a flow that is not done can run on demand.

        :returns: True or False; a verdict for the waiting group if the flow
            will never be done.
        """
        group = graphs.group_of(place)
        standing, demanded = self[group], place in self._on_demand
        verdict = standing.verdict
        if (
            verdict not in (None, standings.COMPLETE)
            and verdict.next is standings.Next.END
        ):
            if verdict.ending is messages.Ending.FAILED and not demanded:
                # The waiting group itself was not tried, so it is skipped.
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
