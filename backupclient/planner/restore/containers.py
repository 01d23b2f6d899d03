# SPDX-License-Identifier: Apache-2.0
"""Containers of secrets: made again when all their secrets are restored."""

from collections.abc import Mapping, Sequence
import dataclasses

from backupclient.model import names
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import secret_facts
from backupclient.planner.restore import scene


@dataclasses.dataclass(frozen=True, slots=True)
class _Member:
    """A secret of the plan, and its membership in a container."""

    item: plans.Item
    membership: secret_facts.Membership


def assigned(
    scene_: scene.Scene, items: Sequence[plans.Item]
) -> list[plans.Item]:
    """Return the items, each container assigned to the last of its secrets.

    :param items: all items of the plan; they keep their order.
    """
    changed = {item.resource: item for item in items}
    for members in _containers(items).values():
        changed |= dict(_decide(scene_, members, changed))
    return [changed[item.resource] for item in items]


def _containers(items: Sequence[plans.Item]) -> dict[str, list[_Member]]:
    """Return the secrets of each container, by its ID."""
    found: dict[str, list[_Member]] = {}
    for item in items:
        for one in item.secret.containers if item.secret else ():
            found.setdefault(one.container_id, []).append(_Member(item, one))
    return found


def _decide(
    scene_: scene.Scene,
    members: Sequence[_Member],
    items: Mapping[resources.Resource, plans.Item],
) -> list[tuple[resources.Resource, plans.Item]]:
    """Return the items that change because of one container."""
    possible = [one for one in members if one.item.restore]
    if not possible:
        return []
    last = possible[-1].item.resource
    first = members[0].membership
    name = f'"{first.container_name}" ({first.container_id})'
    if len(possible) < max(first.size, len(members)):
        note = (
            f'Its container {name} is not made again: not all of its secrets '
            'are restored.'
        )
        return [
            (one.item.resource, _warned(items[one.item.resource], note))
            for one in possible
        ]
    note = (
        f'The container {name} is made again after it, without the access '
        'list of the container, which no backup has.'
    )
    if not first.size:
        note += ' The backup does not record whether it had more secrets.'
    made = restores.Container(
        name=names.restored(first.container_name, scene_.request.suffix),
        kind=first.kind,
        members=tuple(
            restores.Member(one.item.resource.id, one.membership.role)
            for one in possible
        ),
    )
    return [(last, _with(items[last], made, note))]


def _warned(item: plans.Item, note: str) -> plans.Item:
    return dataclasses.replace(
        item, notes=(*item.notes, note), warnings=(*item.warnings, note)
    )


def _with(item: plans.Item, made: restores.Container, note: str) -> plans.Item:
    task = item.restore
    if task is None or not isinstance(task.new, restores.NewSecret):
        return item
    new = restores.NewSecret((*task.new.containers, made))
    others = {one.secret_id for one in made.members} - {item.resource.id}
    after = (*task.after, *sorted(others - {*task.after}))
    return dataclasses.replace(
        item,
        notes=(*item.notes, note),
        task=dataclasses.replace(task, after=after, new=new),
    )
