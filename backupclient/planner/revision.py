# SPDX-License-Identifier: Apache-2.0
"""Comparing a saved plan with the present state of the cloud."""

from collections.abc import Iterator, Mapping
import dataclasses

from backupclient import errors
from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.planner import naming
from backupclient.planner.backup import cost
from backupclient.planner.backup import rule
from backupclient.planner.backup import wholes


def changes(
    saved: plans.Plan, fresh: plans.Plan, unread: Mapping[str, str]
) -> list[str]:
    """Return the changes since a plan was saved, in sentences.

    :param fresh: the plan that is made now from the result of
        :func:`request`.
    :param unread: as in ``inventories.Inventory``.
    """
    now = {item.resource.id: item for item in fresh.items}
    before = {item.resource.id for item in saved.items}
    changed = [
        f'{item.resource.label}: {why}'
        for item in saved.items
        if (why := _change(item, now.get(item.resource.id), unread))
    ]
    return changed + [
        f'{item.resource.label} is new and is not part of the saved plan.'
        for item in fresh.items
        if item.resource.id not in before
    ]


def revised(
    saved: plans.Plan,
    fresh: plans.Plan,
    unread: Mapping[str, str],
    *,
    replan: bool,
) -> plans.Plan:
    """Return the plan for the saved items in their present state.

    :param fresh: the plan that is made now.
    :param unread: as in ``inventories.Inventory``.
    :param replan: whether a changed item gets its new procedure. Otherwise
        the item is refused.
    """
    revised_ = _revised(saved, fresh, unread, replan)
    items = tuple(wholes.of_their_parts(revised_))
    return dataclasses.replace(
        fresh,
        request=saved.request,
        items=items,
        bytes_to_move=cost.moved(items),
        bytes_to_files=cost.to_files(items),
    )


def _revised(
    saved: plans.Plan,
    fresh: plans.Plan,
    unread: Mapping[str, str],
    replan: bool,
) -> Iterator[plans.Item]:
    now = {item.resource.id: item for item in fresh.items}
    for item in saved.items:
        current = now.get(item.resource.id)
        why = _change(item, current, unread)
        if current is not None and (replan or (item.possible and not why)):
            yield current
        elif why:
            way_out = '' if replan else ' Plan anew, or run with --replan.'
            yield rule.refusal(item, f'{why}{way_out}')
        else:
            yield item


def _change(
    saved: plans.Item, fresh: plans.Item | None, unread: Mapping[str, str]
) -> str:
    """Return why an item cannot be done as planned, ``''`` if it can."""
    if fresh is None and (why := unread.get(saved.resource.kind)):
        return f'nobody knows whether it is still there. {why}'
    if fresh is None:
        return 'it is no longer there, or no longer part of the selection.'
    if not saved.possible:
        return ''
    if not fresh.possible:
        return f'it can no longer be backed up: {fresh.reason}'
    if fresh.procedure is not saved.procedure:
        return (
            f'it was planned for {saved.procedure}, and now would be for '
            f'{fresh.procedure}.'
        )
    if fresh.size != saved.size:
        return f'its size was {saved.size} bytes, and now is {fresh.size}.'
    if _incremental(saved) and not _incremental(fresh):
        return 'the backup that it was to build on is no longer there.'
    return ''


def _incremental(item: plans.Item) -> bool:
    task = item.task
    return isinstance(task, plans.VolumeBackup) and task.incremental


def require_same_project(
    saved: plans.Plan, now: inventories.CloudIdentity
) -> None:
    """Raise UsageError if a plan is for another project or cloud.

    :raises UsageError: if address, region or project ID differ.
    """
    was = saved.identity
    if (was.auth_url, was.region, was.project_id) != (
        now.auth_url,
        now.region,
        now.project_id,
    ):
        raise errors.UsageError(
            f'The plan is for project {was.project_name} ({was.project_id}) '
            f'at {was.auth_url}, region {was.region}: log in there.'
        )


def request(
    saved: plans.Plan, inventory: inventories.Inventory
) -> requests.Request:
    """Return a request for the saved plan's resources that still exist.

    It selects them by ID: their names may have changed since.
    """
    known = [
        one.resource
        for records in (
            inventory.servers,
            inventory.volumes,
            inventory.images,
            inventory.secrets,
        )
        for one in records
    ]
    there = {one.id for one in known}
    ids: dict[resources.Kind, list[str]] = {
        kind: [] for kind in resources.Kind
    }
    for item in saved.items:
        if item.resource.id in there:
            ids[item.resource.kind].append(item.resource.id)
    return dataclasses.replace(
        saved.request,
        servers=tuple(ids[resources.Kind.SERVER]),
        volumes=tuple(ids[resources.Kind.VOLUME]),
        images=tuple(ids[resources.Kind.IMAGE]),
        secrets=tuple(ids[resources.Kind.SECRET]),
        match=(),
        exclude=tuple(
            text for text in saved.request.exclude if _is_there(text, known)
        ),
    )


def _is_there(excluded: str, known: list[resources.Resource]) -> bool:
    kind, _, name = excluded.partition('/')
    try:
        return bool(naming.find(resources.Kind(kind), name, known))
    except (ValueError, errors.UsageError):
        return False
