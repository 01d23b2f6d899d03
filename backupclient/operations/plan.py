# SPDX-License-Identifier: Apache-2.0
"""Plan a backup: ``openstack backup plan``. Nothing changes in the cloud."""

from collections.abc import Iterator, Mapping
import dataclasses
import os
import pathlib

from backupclient import documents
from backupclient import errors
from backupclient.cloud import inventory
from backupclient.engine import rehearsal
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import saved_plans
from backupclient.operations import sessions
from backupclient.operations.listing import newest
from backupclient.planner import backup
from backupclient.procedures import compiler
from backupclient.procedures import registry
from backupclient.store import place
from backupclient.store import targets
from backupclient.transfer import room


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A step of a plan.

    :param title: what is done, in a few words.
    :param command: the OpenStack command that a person would type for it.
    """

    resource: resources.Resource
    title: str
    command: str


def make(
    session: sessions.Session,
    request: requests.Request,
    *,
    save_to: pathlib.Path | None = None,
) -> plans.Plan:
    """Read the project, and plan the backup that a request asks for.

    :param save_to: write the plan to this new file, too.
    :raises UsageError: the request names a resource that is not there, or a
        name that several resources have.
    :raises TargetError: the file is there already, or cannot be written. If
        that can be told beforehand, the project is not read.
    """
    if save_to:
        _require_new(save_to)
    read = inventory.read(session.cloud, request.images)
    planned = backup.plan(request, read)
    if save_to:
        save(planned, save_to)
    return planned


def last_backups(
    session: sessions.Session, planned: plans.Plan
) -> Mapping[str, str]:
    """Say when the resources of a plan were last backed up, and verified.

    :returns: a sentence by the ID of each resource of which the target or the
        manifests in the cloud tell; nothing where they cannot be read.
    """
    return newest.notes(session.cloud, planned)


def save(planned: plans.Plan, file: pathlib.Path) -> None:
    """Write a plan to a new file, which :func:`load` reads.

    :raises TargetError: the file is there already, or cannot be written.
    """
    _require_new(file)
    documents.write(file, saved_plans.of(planned), replace=False)


def load(file: pathlib.Path) -> plans.Plan:
    """Read a saved plan.

    :raises DocumentError: the file cannot be read, or holds no plan.
    """
    saved = documents.read(file, saved_plans.Plan, 'saved plan', edited=True)
    return saved_plans.plan(saved)


def cautions_of_target(planned: plans.Plan) -> list[str]:
    """Say why the target could not take the files of a plan just now.

    :returns: a sentence, or nothing if the target can take them or the plan
        has no target.
    """
    try:
        if planned.request.target:
            store = targets.find(planned.request.target)
            room.require_room(store, planned.bytes_to_files)
    except errors.TargetError as exc:
        return [f'Caution: {exc}']
    return []


def steps(planned: plans.Plan) -> Iterator[Step]:
    """Return each step, in the order of a run that does one at a time.

    A server is stopped before the first step that needs it down, and started
    when the last of its disks is captured.
    """
    graph = compiler.compile(planned)
    stopped = {server for item in planned.items for server in item.stops}
    for flow in rehearsal.rehearse(graph):
        group = graph.group(flow.group)
        # A server that is off by now is looked at, and left alone.
        if group.item is not None or group.resource.id in stopped:
            for title, command in registry.commands(planned, group, flow):
                yield Step(group.resource, title, command)


def _require_new(file: pathlib.Path) -> None:
    """Raise TargetError if a file is there already, or cannot be made."""
    if os.path.lexists(file):
        raise errors.TargetError(
            f'{file} is there already, and plans are not replaced. Give '
            'another name.'
        )
    if why := place.obstacle(file):
        raise errors.TargetError(f'{file} cannot be written: {why}')
