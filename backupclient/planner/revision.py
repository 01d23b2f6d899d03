# SPDX-License-Identifier: Apache-2.0
"""What has changed between a saved plan and the cloud as it is now."""

from collections.abc import Iterator
import dataclasses

from backupclient import errors
from backupclient.model import plan as plan_


def changes(saved: plan_.Plan, fresh: plan_.Plan) -> list[str]:
    """Say in sentences what has changed.

    :param fresh: planned now, for the same request.
    :raises UsageError: the saved plan is for another project or cloud.
    """
    _require_same_project(saved, fresh)
    now = {item.resource.id: item for item in fresh.items}
    before = {item.resource.id for item in saved.items}
    changed = [
        f'{item.resource.label}: {why}'
        for item in saved.items
        if (why := _change(item, now.get(item.resource.id)))
    ]
    return changed + [
        f'{item.resource.label} is new and is not part of the saved plan.'
        for item in fresh.items
        if item.resource.id not in before
    ]


def still_valid(saved: plan_.Plan, fresh: plan_.Plan) -> plan_.Plan:
    """Take out of a saved plan what no longer holds.

    :returns: the saved plan, its items as they are now, and those that have
        changed without a procedure.
    """
    return dataclasses.replace(saved, items=tuple(_revised(saved, fresh)))


def _revised(saved: plan_.Plan, fresh: plan_.Plan) -> Iterator[plan_.Item]:
    now = {item.resource.id: item for item in fresh.items}
    for item in saved.items:
        why = _change(item, now.get(item.resource.id))
        yield (
            dataclasses.replace(
                item,
                procedure=plan_.Procedure.NONE,
                reason=f'{why} Plan anew, or run with --replan.',
            )
            if why
            else now[item.resource.id]
            if item.possible
            else item
        )


def _change(saved: plan_.Item, fresh: plan_.Item | None) -> str:
    """Say why an item cannot be done as it was planned, or nothing."""
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
    if saved.incremental and not fresh.incremental:
        return 'the backup that it was to build on is no longer there.'
    return ''


def _require_same_project(saved: plan_.Plan, fresh: plan_.Plan) -> None:
    was, now = saved.identity, fresh.identity
    if (was.auth_url, was.region, was.project_id) != (
        now.auth_url,
        now.region,
        now.project_id,
    ):
        raise errors.UsageError(
            f'The plan is for project {was.project_name} ({was.project_id}) '
            f'at {was.auth_url}, region {was.region}: log in there.'
        )
