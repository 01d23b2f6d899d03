# SPDX-License-Identifier: Apache-2.0
"""From a plan to a graph: the flows, and what each flow waits for.

A graph has flows, quotas and claims, but no kinds of resources, and the
engine knows only the graph. The compiler needs to know what the steps need:
so it belongs to the procedures. It is a layer below the engine, the planner
and the commands, because all of them use the graph.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses

from backupclient import errors
from backupclient.model import graphs
from backupclient.model import needs
from backupclient.model import plans
from backupclient.model import resources
from backupclient.procedures import registry
from backupclient.procedures import restoring
from backupclient.procedures import step
from backupclient.procedures.backup import server_power

SERVICE = 'the backup service answers'
"""The name of a fact, which is unknown until the first backup was tried."""

DISPROVED = (
    'The backup service of this cloud does not answer: volumes are copied to '
    'images instead.'
)
"""The message to the user if ``SERVICE`` turns out to be false."""

_DONE, _ENDED, _FACT = graphs.Wait.DONE, graphs.Wait.ENDED, graphs.Wait.FACT
_Part = graphs.Part


def compile(plan: plans.Plan) -> graphs.Graph:
    """Return the graph of a plan.

    :raises DocumentError: if the plan names a resource twice.
    """
    if plan.restore is not None:
        return _graph(restoring.groups(plan))
    ids = {item.resource.id: item.resource.place for item in plan.items}
    stopped = _stopped(plan)
    groups = [
        _group(number, item, stopped, ids)
        for number, item in enumerate(plan.items)
    ]
    scopes = _scopes(groups, stopped)
    return _graph(_in_order(plan, groups, scopes))


def _graph(groups: Iterable[graphs.Group]) -> graphs.Graph:
    try:
        return graphs.Graph(groups)
    except ValueError as error:
        raise errors.DocumentError(
            f'The plan cannot be run: {error}. Make a new plan.'
        ) from error


def _stopped(plan: plans.Plan) -> Mapping[str, resources.Resource]:
    """Return the servers that the run stops, by their IDs.

    A server that is off now is among them: it may run when its turn comes.
    """
    if not plan.request.stop_servers:
        return {}
    known = {i.resource.id: i.resource for i in plan.items if i.server}
    return {
        id_: known.get(id_, resources.Resource(resources.Kind.SERVER, '', id_))
        for item in plan.items
        if registry.steps(item)
        for id_ in _needed_down(item)
    }


def _needed_down(item: plans.Item) -> list[str]:
    """Return the IDs of the servers that must be off during a capture.

    For a volume that several servers use, these are all of them.
    """
    if item.consistency is not plans.Consistency.STOPPED:
        return []
    return [*dict.fromkeys(filter(None, (item.group, *item.stops)))]


def _in_order(
    plan: plans.Plan,
    groups: Sequence[graphs.Group],
    scopes: dict[str, graphs.Group],
) -> Iterator[graphs.Group]:
    """Yield all groups: a server's downtime before the first of its disks."""
    for item, group in zip(plan.items, groups, strict=True):
        scope = scopes.pop(item.group, None)
        if scope is not None:
            yield scope
        yield group
    yield from scopes.values()


def _scopes(
    groups: Sequence[graphs.Group],
    stopped: Mapping[str, resources.Resource],
) -> dict[str, graphs.Group]:
    """Return the downtime of each server with a disk to capture, by its ID."""
    captures: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for group in groups:
        for flow in group.flows:
            for edge in flow.waits:
                if edge.on.startswith('downtime/'):
                    server = edge.on.split('/')[1]
                    captures[server][flow.place] = bool(flow.probes)
    return {
        server: _scope(stopped[server], places)
        for server, places in captures.items()
    }


def _scope(
    server: resources.Resource, captures: Mapping[str, bool]
) -> graphs.Group:
    """Return the group that stops and starts a server.

    :param captures: whether a capture finds out if the backup service
        answers, by the place of the capture. If one does, the server is
        stopped only once that fact is known: it must not stay down meanwhile.
    """
    group = f'downtime/{server.id}'
    needs_fact = any(captures.values())
    stop = graphs.Flow(
        group,
        _Part.STOP,
        steps=_names(server_power.STOP),
        waits=(graphs.Edge(_FACT, SERVICE),) if needs_fact else (),
        on_demand=True,
    )
    start = graphs.Flow(
        group,
        _Part.START,
        steps=_names(server_power.START),
        waits=tuple(
            graphs.Edge(_ENDED, place) for place in (stop.place, *captures)
        ),
        always=True,
    )
    return graphs.Group(group, server, (stop, start), claim=group)


def _group(
    number: int,
    item: plans.Item,
    stopped: Mapping[str, resources.Resource],
    ids: Mapping[str, str],
) -> graphs.Group:
    id_ = item.resource.place
    servers = [each for each in _needed_down(item) if each in stopped]
    flows = _flows(id_, item, servers) or (_whole(id_, item, ids),)
    instead: tuple[graphs.Flow, ...] = ()
    if item.fallback is not None:
        instead = tuple(
            dataclasses.replace(flow, way=2)
            for flow in _flows(id_, item.fallback, servers)
        )
        first = flows[0]
        flows = (
            dataclasses.replace(
                first,
                waits=(*first.waits, graphs.Edge(_FACT, SERVICE)),
                probes=SERVICE,
            ),
            *flows[1:],
        )
    return graphs.Group(
        id_,
        item.resource,
        flows,
        number,
        instead,
        claim=id_ if item.makes_things else '',
    )


def _flows(
    group: str, item: plans.Item, servers: Sequence[str]
) -> tuple[graphs.Flow, ...]:
    """Return an item's flows, split where other items may go first."""
    flows: list[graphs.Flow] = []
    for part, steps in _parts(registry.steps(item)):
        flow = graphs.Flow(group, part, steps=_names(steps))
        before = [flows[-1].place] if flows else []
        if part is _Part.CAPTURE:
            before = [f'downtime/{each}/{_Part.STOP}' for each in servers]
        waits = tuple(graphs.Edge(_DONE, each) for each in before)
        flow = dataclasses.replace(flow, waits=waits)
        flows.append(
            dataclasses.replace(flow, gives_back=part is _Part.CONVERT)
        )
    return _with_needs(flows, item, bool(servers))


def _with_needs(
    flows: Sequence[graphs.Flow], item: plans.Item, in_two: bool
) -> tuple[graphs.Flow, ...]:
    """Return the flows with the quota that each one takes.

    :param in_two: take the quota for the second flow only after the capture,
        because a server is stopped: its other disks are captured first.
    """
    kept = graphs.amounts(needs.artifacts(item))
    later = needs.once_captured(item) if in_two else {}
    first = needs.of(item)
    first.subtract(later)
    takes = {0: graphs.amounts(first), 1: graphs.amounts(later)}
    return tuple(
        dataclasses.replace(
            flow,
            takes=takes.get(number, ()),
            keeps=kept if number == len(flows) - 1 else (),
        )
        for number, flow in enumerate(flows)
    )


def _parts(steps: step.Steps) -> list[tuple[graphs.Part, step.Steps]]:
    """Split steps after the capture and after the step that frees quota."""
    captured = next((n for n, s in enumerate(steps, 1) if s.captures), 0)
    freed = next((n for n, s in enumerate(steps, 1) if s.frees), captured)
    parts = (
        (_Part.CAPTURE, steps[:captured]),
        (_Part.CONVERT, steps[captured:freed]),
        (_Part.DELIVER, steps[freed:]),
    )
    return [(part, some) for part, some in parts if some]


def _whole(
    group: str, item: plans.Item, groups: Mapping[str, str]
) -> graphs.Flow:
    """Return the flow of an item without steps: it waits for its parts.

    :param groups: the IDs of all groups, by the IDs of their resources.
    """
    waits = tuple(
        graphs.Edge(_ENDED, graphs.end_of(groups[each]))
        for each in item.parts
        if each in groups and groups[each] != group
    )
    return graphs.Flow(group, _Part.WHOLE, waits=waits)


def _names(steps: step.Steps) -> tuple[str, ...]:
    return tuple(each.stable_name for each in steps)
