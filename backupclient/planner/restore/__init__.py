# SPDX-License-Identifier: Apache-2.0
"""Making the plan of a restore from backups and the inventory.

Nothing here calls a service, reads a clock or opens a file. Each kind of
resources has a module that implements ``rule.Rule``, and a line in ``RULES``.
"""

from collections.abc import Iterable, Mapping
import dataclasses
import datetime
from types import MappingProxyType

from backupclient.model import inventories
from backupclient.model import names
from backupclient.model import on_offer
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner import quota
from backupclient.planner.backup import roles
from backupclient.planner.backup import rule as refusing
from backupclient.planner.restore import cautions
from backupclient.planner.restore import containers
from backupclient.planner.restore import cost
from backupclient.planner.restore import dependents
from backupclient.planner.restore import existing
from backupclient.planner.restore import images
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene
from backupclient.planner.restore import secrets
from backupclient.planner.restore import servers
from backupclient.planner.restore import volumes

# In the order of the plan: a kind comes after the kinds that it needs.
RULES: tuple[rule.Rule, ...] = (secrets, images, volumes, servers)


def plan(
    request: restores.Request,
    choices: Iterable[scene.Choice],
    inventory: inventories.Inventory,
    offers: on_offer.Offers,
    *,
    origin: inventories.CloudIdentity,
    identities: bool,
    now: datetime.datetime,
    locked: Mapping[tuple[str, str], str] | None = None,
    brought: dependents.Brought = MappingProxyType({}),
) -> plans.Plan:
    """Return the plan that restores the resources of some backups.

    :param choices: the backup of each resource that the request selects.
    :param offers: what the cloud offers, such as flavors and volume types.
    :param origin: the cloud and the project that were backed up.
    :param identities: whether the user has given private keys, which may
        decrypt ``.age`` files.
    :param now: an aware time, to find out what has expired.
    :param locked: why the private keys do not decrypt a file, by its run and
        path.
    :param brought: the resources that are selected only with servers.
    """
    every = tuple(choices)
    scene_ = scene.survey(
        request,
        every,
        inventory,
        offers,
        origin,
        now,
        identities=identities,
        locked=locked or {},
    )
    wanted = [
        roles.warned(_item(each, scene.Case(scene_, choice)), inventory.roles)
        for each in RULES
        for choice in every
        if choice.entry.resource.kind is each.KIND
        and not (
            request.without_servers and each.KIND is resources.Kind.SERVER
        )
    ]
    fitting = quota.within(wanted, inventory.quotas)
    items = tuple(
        containers.assigned(scene_, dependents.refused(fitting, brought))
    )
    return plans.Plan(
        identity=inventory.identity,
        request=request.selection,
        items=items,
        bytes_to_move=cost.moved(items),
        peaks=quota.peaks(wanted, inventory.quotas),
        cautions=cautions.of(scene_, items),
        restore=request,
    )


def _item(each: rule.Rule, case: scene.Case) -> plans.Item:
    item = existing.item(case) or each.item(case)
    if item.restore is None:
        return item
    length = names.length(item.restore.name)
    if length > names.LONGEST:
        return refusing.refusal(
            item,
            f'Its name would have {length} characters, and services take '
            f'{names.LONGEST}. Give a shorter --suffix.',
        )
    suffix = case.request.suffix
    if suffix and names.length(item.resource.name + suffix) > names.LONGEST:
        return _cut(item)
    return item


def _cut(item: plans.Item) -> plans.Item:
    """Return an item with the warning that its new name is cut."""
    warning = (
        f'Its new name is cut to {names.LONGEST} characters, before the '
        '--suffix: names that differ behind that are the same then.'
    )
    return dataclasses.replace(
        item,
        notes=(*item.notes, warning),
        warnings=(*item.warnings, warning),
    )
