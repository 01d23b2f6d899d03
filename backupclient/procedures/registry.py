# SPDX-License-Identifier: Apache-2.0
"""The steps of each procedure."""

from collections.abc import Callable, Mapping
from typing import Any

from backupclient.model import graphs
from backupclient.model import plans
from backupclient.model import tasks
from backupclient.procedures import step
from backupclient.procedures.backup import image_download
from backupclient.procedures.backup import secret_download
from backupclient.procedures.backup import server_image
from backupclient.procedures.backup import server_power
from backupclient.procedures.backup import snapshot_image
from backupclient.procedures.backup import volume_backup
from backupclient.procedures.backup import volume_image
from backupclient.procedures.restore import image_upload
from backupclient.procedures.restore import secret_store
from backupclient.procedures.restore import server_build
from backupclient.procedures.restore import volume_from_backup
from backupclient.procedures.restore import volume_from_image

PROCEDURES: Mapping[plans.Procedure, Callable[[plans.Item], step.Steps]] = {
    plans.Procedure.IMAGE_DOWNLOAD: image_download.steps,
    plans.Procedure.SERVER_IMAGE: server_image.steps,
    plans.Procedure.VOLUME_BACKUP: volume_backup.steps,
    plans.Procedure.VOLUME_IMAGE: volume_image.steps,
    plans.Procedure.SNAPSHOT_IMAGE: snapshot_image.steps,
    plans.Procedure.SECRET_DOWNLOAD: secret_download.steps,
    plans.Procedure.SECRET_STORE: secret_store.steps,
    plans.Procedure.IMAGE_UPLOAD: image_upload.steps,
    plans.Procedure.VOLUME_FROM_IMAGE: volume_from_image.steps,
    plans.Procedure.VOLUME_FROM_BACKUP: volume_from_backup.steps,
    plans.Procedure.SERVER_BUILD: server_build.steps,
}


def steps(item: plans.Item) -> step.Steps:
    """Return the steps that back an item up or restore it, in their order.

    :returns: an empty sequence for an item without a procedure.
    """
    found = PROCEDURES.get(item.procedure)
    return found(item) if found else ()


def of_flow(
    work: step.Work, plan: plans.Plan, group: graphs.Group, flow: graphs.Flow
) -> list[step.Step[Any]]:
    """Return the steps of a flow as objects, in their order."""
    item = _item(plan, group, flow)
    by_name = {each.stable_name: each for each in _known(group, item)}
    return [by_name[name](work, item) for name in flow.steps]


def commands(
    plan: plans.Plan, group: graphs.Group, flow: graphs.Flow
) -> list[tuple[str, str]]:
    """Return the title and the OpenStack command of each step of a flow.

    Steps without a command are left out.
    """
    item = _item(plan, group, flow)
    return [
        (each.title, each.command(item))
        for each in _known(group, item)
        if each.stable_name in flow.steps and each.command(item)
    ]


def _known(group: graphs.Group, item: plans.Item) -> step.Steps:
    """Return all steps that a group can have, in any of its flows."""
    if group.item is None:
        return (*server_power.STOP, *server_power.START)
    return steps(item)


def _item(
    plan: plans.Plan, group: graphs.Group, flow: graphs.Flow
) -> plans.Item:
    """Return the item that the steps of a flow work on.

    A downtime has no item in the plan, so it gets one without a task.
    """
    if group.item is None:
        return plans.Item(group.resource, tasks.Nothing(), '')
    item = plan.items[group.item]
    if flow.way == 1 or item.fallback is None:
        return item
    return item.fallback


def not_made_good(group: graphs.Group, why: str) -> str:
    """Return the message that a group's last, obligatory flow failed.

    The only such flow starts a server that was stopped.
    """
    return server_power.not_started(group.resource.id, why)


def may_not_be_good(group: graphs.Group) -> str:
    """Return the message that the obligatory flow may not have run."""
    return server_power.may_be_off(group.resource.id)
