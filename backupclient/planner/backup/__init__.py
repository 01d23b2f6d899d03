# SPDX-License-Identifier: Apache-2.0
"""Making the plan of a backup from the request and the inventory.

Nothing here calls a service, reads a clock or opens a file. Each kind of
resources has a module that implements ``rule.Rule``, and a line in ``RULES``.
"""

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.planner import quota
from backupclient.planner.backup import cautions
from backupclient.planner.backup import cost
from backupclient.planner.backup import images
from backupclient.planner.backup import indexes
from backupclient.planner.backup import roles
from backupclient.planner.backup import rule
from backupclient.planner.backup import secrets
from backupclient.planner.backup import selection
from backupclient.planner.backup import servers
from backupclient.planner.backup import unread
from backupclient.planner.backup import volumes
from backupclient.planner.backup import wholes

# In the order of the plan.
RULES: tuple[rule.Rule, ...] = (servers, volumes, images, secrets)


def plan(
    request: requests.Request, inventory: inventories.Inventory
) -> plans.Plan:
    """Return the plan of a backup.

    :returns: the plan, with an item for each selected resource.
    :raises UsageError: if the request's names or ``--match`` do not fit the
        resources of the project.
    """
    index = indexes.survey(request, inventory)
    selected = selection.select(index, RULES)
    rules = {each.KIND: each for each in RULES}
    wanted = [
        roles.warned(rules[case.resource.kind].item(case), inventory.roles)
        for case in selected.cases
    ]
    fitting = quota.within(wanted, inventory.quotas)
    items = tuple(wholes.of_their_parts(fitting))
    said = cautions.of(
        request, items, selected.without_target, inventory.login
    )
    return plans.Plan(
        identity=inventory.identity,
        request=request,
        items=items,
        bytes_to_move=cost.moved(items),
        bytes_to_files=cost.to_files(items),
        peaks=quota.peaks(wanted, inventory.quotas),
        cautions=(*unread.cautions(inventory), *said),
        gaps=gaps(request, inventory),
    )


def gaps(
    request: requests.Request, inventory: inventories.Inventory
) -> tuple[str, ...]:
    """Return why some of the requested resources could not be read.

    With ``--all``, a list that the user may not read is a gap only if this
    plan could back up its resources. The list of a service that does not
    answer is always a gap: nobody knows which resources it has.
    """
    wanted = {
        each.KIND
        for each in RULES
        if request.everything and (request.target or not each.NEEDS_TARGET)
    }
    if request.everything:
        wanted |= unread.silent_kinds(inventory)
    if request.servers or request.match:
        wanted |= {servers.KIND, volumes.KIND}
    return tuple(
        why for kind, why in inventory.unread.items() if kind in wanted
    )
