# SPDX-License-Identifier: Apache-2.0
"""``--match``: servers and volumes by their metadata and tags."""

from backupclient import errors
from backupclient.model import resources
from backupclient.planner import labels
from backupclient.planner.backup import indexes
from backupclient.planner.backup import unread
from backupclient.planner.backup import volumes


def matched(index: indexes.Index) -> set[resources.Resource]:
    """Return the tenant's servers and volumes that fit all of ``--match``.

    :returns: an empty set if the request has no ``--match``.
    :raises UsageError: if no resource fits.
    :raises CloudError: if no resource fits, and not all could be read.
    """
    wanted = index.request.match
    if not wanted:
        return set()
    known = _labels(index)
    found = {
        resource
        for resource, pairs in known.items()
        if labels.fit(pairs, wanted)
    }
    if not found:
        unread.require_read(
            index.inventory, resources.Kind.SERVER, resources.Kind.VOLUME
        )
        raise errors.UsageError(labels.nothing(wanted, known.values()))
    return found


def _labels(
    index: indexes.Index,
) -> dict[resources.Resource, labels.Pairs]:
    found = {
        server.resource: labels.of_server(server)
        for server in index.inventory.servers
    }
    for resource in volumes.of_tenant(index):
        found[resource] = labels.of_volume(index.volumes[resource.id])
    return found
