# SPDX-License-Identifier: Apache-2.0
"""From the plan of a restore to its flows, and what each flow waits for.

A resource is restored before the resources that are built from it::

    secret ──done──► volume ──done──► server

In a drill, a resource is removed when no other resource needs it any more.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from backupclient.model import graphs
from backupclient.model import needs
from backupclient.model import plans
from backupclient.procedures import registry


def groups(plan: plans.Plan) -> Iterator[graphs.Group]:
    """Yield the groups of a plan, in its order."""
    ids = {item.resource.id: item.resource.place for item in plan.items}
    users = defaultdict[str, list[str]](list)
    for item in plan.items:
        for each in item.restore.needs if item.restore else ():
            users[each].append(ids[item.resource.id])
    for number, item in enumerate(plan.items):
        yield _group(number, item, ids, users[item.resource.id])


def _group(
    number: int,
    item: plans.Item,
    ids: Mapping[str, str],
    users: Sequence[str],
) -> graphs.Group:
    """Return the group that restores an item.

    It waits for the resources that the item is built from.

    :param ids: the IDs of all groups, by the IDs of their resources.
    :param users: the IDs of the groups that need this one's resource.
    """
    id_, task = item.resource.place, item.restore
    if task is None:
        return graphs.Group(
            id_, item.resource, (graphs.Flow(id_, graphs.Part.WHOLE),), number
        )
    taken = graphs.amounts(needs.artifacts(item))
    steps = tuple(each.stable_name for each in registry.steps(item))
    # In a drill, the steps from here on wait until nothing needs the
    # resource any more.
    stay = next(
        (n for n, name in enumerate(steps) if name.startswith('remove-')),
        len(steps),
    )
    flow = graphs.Flow(
        id_,
        graphs.Part.RESTORE,
        steps=steps[:stay],
        waits=(
            *(
                graphs.Edge(
                    graphs.Wait.DONE, f'{ids[each]}/{graphs.Part.RESTORE}'
                )
                for each in task.needs
            ),
            *(
                graphs.Edge(graphs.Wait.ENDED, graphs.end_of(ids[each]))
                for each in task.after
            ),
        ),
        takes=taken,
        keeps=() if task.drill else taken,
    )
    flows = [flow]
    if steps[stay:]:
        flows.append(
            graphs.Flow(
                id_,
                graphs.Part.REMOVE,
                steps=steps[stay:],
                waits=tuple(
                    graphs.Edge(graphs.Wait.ENDED, graphs.end_of(each))
                    for each in users
                ),
            )
        )
    source = task.source.artifact
    claim = f'{source.kind}/{source.id}' if source else ''
    return graphs.Group(id_, item.resource, tuple(flows), number, claim=claim)
