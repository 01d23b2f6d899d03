# SPDX-License-Identifier: Apache-2.0
"""The flows of a plan and what each of them waits for. A value.

A graph is compiled from a plan, printed by ``plan --steps``, scheduled by the
engine and simulated by tests. It stands below all of them, in the model,
since the compiler belongs to the procedures and the schedule to the engine::

    stop ──► capture 1 ─┐
         ──► capture 2 ─┴─ended─► start
    capture 1 ──done──► convert 1 ──done──► deliver 1
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import enum

from backupclient.model import resources

Amounts = tuple[tuple[str, int], ...]
"""How much of which quota, sorted by the quotas' names."""


def amounts(counts: Mapping[str, int]) -> Amounts:
    """Write counts as a value that can be compared and hashed."""
    return tuple(sorted((name, n) for name, n in counts.items() if n))


class Part(enum.StrEnum):
    """What a flow does for its group."""

    STOP = 'stop'
    START = 'start'
    CAPTURE = 'capture'
    CONVERT = 'convert'
    DELIVER = 'deliver'
    WHOLE = 'whole'
    RESTORE = 'restore'
    REMOVE = 'remove'


class Wait(enum.StrEnum):
    """What a flow waits for.

    ``DONE``: the other flow did its work; where it failed, this one is not
    tried. ``ENDED``: the other flow is over, whatever became of it.
    ``FACT``: something that another flow finds out is known.
    """

    DONE = 'done'
    ENDED = 'ended'
    FACT = 'fact'


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """One thing that a flow waits for.

    :param on: the place of a flow, such as ``volume/<ID>/capture``, or the
        name of a fact.
    """

    kind: Wait
    on: str


@dataclasses.dataclass(frozen=True, slots=True)
class Flow:
    """Steps that one worker performs one after the other.

    :param group: the ID of its group.
    :param way: 1 as it was planned, 2 for the fall-back of the group.
    :param steps: their stable names, in their order.
    :param takes: quota that the group holds from here on.
    :param keeps: the quota that stays taken when the group is complete.
    :param gives_back: the group's temporaries are gone after this flow.
    :param on_demand: starts when a flow that waits for it has its slot and
        its quota, and takes no slot of its own.
    :param always: runs on every way out, without waiting for a slot.
    :param probes: the fact that this flow finds out, ``''`` for none.
    """

    group: str
    part: Part
    way: int = 1
    steps: tuple[str, ...] = ()
    waits: tuple[Edge, ...] = ()
    takes: Amounts = ()
    keeps: Amounts = ()
    gives_back: bool = False
    on_demand: bool = False
    always: bool = False
    probes: str = ''

    @property
    def place(self) -> str:
        """What edges name: the flow, in whichever way it is done."""
        return f'{self.group}/{self.part}'

    @property
    def id(self) -> str:
        """What orders and records name: ``volume/<ID>/capture#1``."""
        return f'{self.place}#{self.way}'


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Flows that follow each other: the unit of outcome, undo and claim.

    :param id: such as ``volume/<ID>``, or ``downtime/<ID>`` of a server.
    :param item: the place in the plan of the item whose outcome this is,
        None where the group has no outcome of its own.
    :param instead: the flows of the fall-back, if there is one.
    :param claim: what no other run may work on meanwhile, ``''`` for nothing.
    """

    id: str
    resource: resources.Resource
    flows: tuple[Flow, ...]
    item: int | None = None
    instead: tuple[Flow, ...] = ()
    claim: str = ''


def end_of(group: str) -> str:
    """Give the place of a group's end, after its last flow."""
    return f'{group}/end'


def group_of(place: str) -> str:
    """Give the ID of the group that a place belongs to."""
    return place.rpartition('/')[0]


def part_of(flow: str) -> Part:
    """Give the part of a flow, by its ID."""
    return Part(flow.rpartition('/')[2].partition('#')[0])


class Graph:
    """The groups of a plan, in the order of the plan.

    :raises ValueError: two groups have the same ID.
    """

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups = tuple(groups)
        self._by_id = {group.id: group for group in self.groups}
        self._flows = {
            flow.id: flow
            for group in self.groups
            for flow in (*group.flows, *group.instead)
        }
        self._waited_for = {
            edge.on
            for flow in self._flows.values()
            for edge in flow.waits
            if edge.kind is Wait.DONE
        }
        counts = Counter(group.id for group in self.groups)
        twice = [id_ for id_, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f'{twice[0]} is planned twice')

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.groups == other.groups

    def __hash__(self) -> int:
        return hash(self.groups)

    def group(self, id_: str) -> Group:
        """Give a group.

        :raises KeyError: there is none with that ID.
        """
        return self._by_id[id_]

    def flow(self, id_: str) -> Flow:
        """Give a flow.

        :raises KeyError: there is none with that ID.
        """
        return self._flows[id_]

    def flows(self) -> Iterator[Flow]:
        """Give all flows, those of the fall-backs too."""
        return iter(self._flows.values())

    def is_waited_for(self, flow: Flow) -> bool:
        """Tell whether another flow starts only when this one is done."""
        return flow.place in self._waited_for

    def before(self, flow: Flow) -> Flow | None:
        """Give the flow that this one follows in its group."""
        group = self.group(flow.group)
        flows = group.flows if flow.way == 1 else group.instead
        number = flows.index(flow)
        return flows[number - 1] if number else None
