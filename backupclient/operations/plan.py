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
    :raises UsageError: if a name fits no resource or several, or
        ``--match`` fits nothing.
    :raises CloudError: if a service that the request needs cannot be read.
    :raises TargetError: if the file exists or cannot be written. Where that
        can be known, it is raised before the project is read.
    """
    if save_to:
        # To read the project may take minutes. save() looks again.
        _require_new(save_to)
    found = inventory.read(session.cloud, request.images)
    planned = backup.plan(request, found)
    if save_to:
        save(planned, save_to)
    return planned


def last_backups(
    session: sessions.Session, planned: plans.Plan
) -> Mapping[str, str]:
    """Return when each resource was last backed up, and verified.

    With a target, only the backups there count; without one, those in the
    cloud.

    :returns: sentences by the IDs of the resources. A resource has none if
        the target or the manifests in the cloud could not be read.
    """
    return newest.notes(session.cloud, planned)


def save(planned: plans.Plan, file: pathlib.Path) -> None:
    """Write a plan to a new file, which :func:`load` reads.

    :raises TargetError: if the file exists or cannot be written.
    """
    _require_new(file)
    documents.write(file, saved_plans.of(planned), replace=False)


def load(file: pathlib.Path) -> plans.Plan:
    """Read a saved plan.

    :raises DocumentError: if the file cannot be read, or holds no plan.
    """
    saved = documents.read(file, saved_plans.Plan, 'saved plan', edited=True)
    return saved_plans.plan(saved)


def cautions_of_target(planned: plans.Plan) -> list[str]:
    """Return why the target could not take the files of a plan now.

    :returns: one sentence; none if the target can take them, or the plan has
        no target.
    """
    try:
        if planned.request.target:
            store = targets.find(planned.request.target)
            room.require_room(store, planned.bytes_to_files)
    except errors.TargetError as exc:
        return [f'Caution: {exc}']
    return []


def steps(planned: plans.Plan) -> Iterator[Step]:
    """Yield each step, in the order of a run with ``--parallel 1``.

    A server is stopped before the first step that needs it stopped, and
    started after its last disk is captured.

    :raises DocumentError: if the plan cannot be run, as with a resource that
        is in it twice.
    """
    graph = compiler.compile(planned)
    to_stop = {server for item in planned.items for server in item.stops}
    for flow in rehearsal.rehearse(graph):
        group = graph.group(flow.group)
        # Groups without an item stop and start a server. Those of servers
        # that were off when the plan was made are not shown.
        if group.item is not None or group.resource.id in to_stop:
            for title, command in registry.commands(planned, group, flow):
                yield Step(group.resource, title, command)


def _require_new(file: pathlib.Path) -> None:
    """Raise TargetError if a file exists or cannot be made."""
    if os.path.lexists(file):
        raise errors.TargetError(
            f'{file} is there already, and plans are not replaced. Give '
            'another name.'
        )
    if why := place.obstacle(file):
        raise errors.TargetError(f'{file} cannot be written: {why}')
