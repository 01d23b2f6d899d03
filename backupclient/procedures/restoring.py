# SPDX-License-Identifier: Apache-2.0
"""From the plan of a restore to its flows, and what each waits for.

What others are built of comes first::

    secret ──done──► volume ──done──► server

What is only tried goes again when nothing needs it any more.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from backupclient.model import graph as graph_
from backupclient.model import needs
from backupclient.model import plan as plan_
from backupclient.procedures import registry


def groups(plan: plan_.Plan) -> Iterator[graph_.Group]:
    """Give the groups of a plan, in its order."""
    ids = {item.resource.id: item.resource.place for item in plan.items}
    users = defaultdict[str, list[str]](list)
    for item in plan.items:
        for each in item.restore.needs if item.restore else ():
            users[each].append(ids[item.resource.id])
    for number, item in enumerate(plan.items):
        yield _group(number, item, ids, users[item.resource.id])


def _group(
    number: int,
    item: plan_.Item,
    ids: Mapping[str, str],
    users: Sequence[str],
) -> graph_.Group:
    """Give the flows that restore an item.

    It waits until what it is built of is back.

    :param users: the IDs of the groups that need it.
    """
    id_, task = item.resource.place, item.restore
    if task is None:
        return graph_.Group(
            id_, item.resource, (graph_.Flow(id_, graph_.Part.WHOLE),), number
        )
    taken = graph_.amounts(needs.artifacts(item))
    steps = tuple(each.stable_name for each in registry.steps(item))
    # What is tried goes again when nothing needs it any more.
    stay = next(
        (n for n, name in enumerate(steps) if name.startswith('remove-')),
        len(steps),
    )
    flow = graph_.Flow(
        id_,
        graph_.Part.RESTORE,
        steps=steps[:stay],
        waits=(
            *(
                graph_.Edge(
                    graph_.Wait.DONE, f'{ids[each]}/{graph_.Part.RESTORE}'
                )
                for each in task.needs
            ),
            *(
                graph_.Edge(graph_.Wait.ENDED, graph_.end_of(ids[each]))
                for each in task.after
            ),
        ),
        takes=taken,
        keeps=() if task.drill else taken,
    )
    flows = [flow]
    if steps[stay:]:
        flows.append(
            graph_.Flow(
                id_,
                graph_.Part.REMOVE,
                steps=steps[stay:],
                waits=tuple(
                    graph_.Edge(graph_.Wait.ENDED, graph_.end_of(each))
                    for each in users
                ),
            )
        )
    source = task.source.artifact
    claim = f'{source.kind}/{source.id}' if source else ''
    return graph_.Group(id_, item.resource, tuple(flows), number, claim=claim)
