# SPDX-License-Identifier: Apache-2.0
"""``--match``: servers and volumes by their metadata and tags."""

from backupclient import errors
from backupclient.model import resources
from backupclient.planner import labels
from backupclient.planner.backup import project as project_
from backupclient.planner.backup import unread
from backupclient.planner.backup import volumes


def matched(project: project_.Project) -> set[resources.Resource]:
    """Find the tenant's servers and volumes that all of ``--match`` fit.

    :raises UsageError: when there are none.
    :raises CloudError: when there are none, and not all could be read.
    """
    wanted = project.request.match
    if not wanted:
        return set()
    known = _labels(project)
    found = {
        resource
        for resource, pairs in known.items()
        if labels.fit(pairs, wanted)
    }
    if not found:
        unread.require_read(
            project.inventory, resources.Kind.SERVER, resources.Kind.VOLUME
        )
        raise errors.UsageError(labels.nothing(wanted, known.values()))
    return found


def _labels(
    project: project_.Project,
) -> dict[resources.Resource, labels.Pairs]:
    found = {
        server.resource: labels.of_server(server)
        for server in project.inventory.servers
    }
    for resource in volumes.of_tenant(project):
        found[resource] = labels.of_volume(project.volumes[resource.id])
    return found
