# SPDX-License-Identifier: Apache-2.0
"""The flows of a plan, and the flows that each of them waits for.

The procedures compile a graph from a plan, ``plan --steps`` prints it, the
engine schedules it and tests simulate it. The classes are in the model because
all of these import them::

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
"""Pairs of a quota's name and the amount taken of it, sorted by name."""


def amounts(counts: Mapping[str, int]) -> Amounts:
    """Return counts as a hashable value, without zeros."""
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
    """The kinds of conditions that a flow waits for.

    ``DONE``: another flow has succeeded; if it fails, this flow is not tried.
    ``ENDED``: another flow is over, whether it succeeded or not.
    ``FACT``: another flow has found out a fact.
    """

    DONE = 'done'
    ENDED = 'ended'
    FACT = 'fact'


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """One condition that a flow waits for.

    :param on: the place of another flow, such as ``volume/<ID>/capture``, or
        the name of a fact.
    """

    kind: Wait
    on: str


@dataclasses.dataclass(frozen=True, slots=True)
class Flow:
    """Steps that one worker performs one after the other.

    :param group: the ID of the flow's group.
    :param way: 1 for the planned way, 2 for the group's fall-back.
    :param steps: the stable names of the steps, in their order.
    :param waits: all conditions that must hold before the flow starts.
    :param takes: the quota that the group takes when this flow starts.
    :param keeps: the quota that stays taken when the group is complete.
    :param gives_back: whether the group's temporaries are deleted after this
        flow: then their quota is free again.
    :param on_demand: the flow starts when a flow that waits for it has a slot
        and its quota; it uses no slot of its own.
    :param always: the flow also runs if an earlier flow of the group fails,
        and without waiting for a slot.
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
        """The name of the flow for edges; the same for both ways."""
        return f'{self.group}/{self.part}'

    @property
    def id(self) -> str:
        """The place and the way, such as ``volume/<ID>/capture#1``."""
        return f'{self.place}#{self.way}'


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Flows that follow each other. A group has one outcome, undo and claim.

    :param id: such as ``volume/<ID>``, or ``downtime/<ID>`` of a server.
    :param item: the index in the plan of the item that gets this group's
        outcome; None if the group has no outcome of its own.
    :param instead: the flows of the fall-back, if there is one.
    :param claim: the resource on which no other run may work meanwhile, such
        as ``volume/<ID>``; ``''`` for none.
    """

    id: str
    resource: resources.Resource
    flows: tuple[Flow, ...]
    item: int | None = None
    instead: tuple[Flow, ...] = ()
    claim: str = ''


def end_of(group: str) -> str:
    """Return the place of a group's end, after its last flow."""
    return f'{group}/end'


def group_of(place: str) -> str:
    """Return the ID of the group that a place belongs to."""
    return place.rpartition('/')[0]


def part_of(flow: str) -> Part:
    """Return the part of a flow, by the flow's ID."""
    return Part(flow.rpartition('/')[2].partition('#')[0])


class Graph:
    """The groups of a plan, in the order of the plan.

    :raises ValueError: if two groups have the same ID.
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
        """Return a group.

        :raises KeyError: if there is none with that ID.
        """
        return self._by_id[id_]

    def flow(self, id_: str) -> Flow:
        """Return a flow.

        :raises KeyError: if there is none with that ID.
        """
        return self._flows[id_]

    def flows(self) -> Iterator[Flow]:
        """Return all flows, including those of the fall-backs."""
        return iter(self._flows.values())

    def is_waited_for(self, flow: Flow) -> bool:
        """Return whether another flow starts only after this one succeeds."""
        return flow.place in self._waited_for

    def before(self, flow: Flow) -> Flow | None:
        """Return the previous flow of the group's way, None for the first."""
        group = self.group(flow.group)
        flows = group.flows if flow.way == 1 else group.instead
        number = flows.index(flow)
        return flows[number - 1] if number else None
