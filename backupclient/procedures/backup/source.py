# SPDX-License-Identifier: Apache-2.0
"""Finding out whether a backup failed because its resource was deleted."""

from backupclient import errors
from backupclient.cloud import waiting
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.procedures import step

_GOING = frozenset({waiting.GONE, 'deleted', 'deleting', 'pending_delete'})
_MAY_BE_GONE = frozenset({400, 404, 409, 410})
"""HTTP statuses of requests about a resource that is deleted or is being
deleted."""


def failure(
    work: step.Work, item: plans.Item, error: errors.BackupError
) -> str:
    """Return why an item has failed.

    If its resource was deleted during the backup, that is the reason. The
    error itself names only the temporary resource that failed, such as an
    image that is gone.
    """
    reason = str(error)
    if not _may_be_gone(error):
        return reason
    try:
        state = _state(work, item.resource)
    except errors.CloudError:
        return reason
    if state not in _GOING:
        return reason
    return f'The {item.resource.label} {results.DELETED}'


def _may_be_gone(error: errors.BackupError) -> bool:
    if isinstance(error, errors.WaitFailed):
        return not isinstance(error, errors.WaitTimeout)
    return isinstance(error, errors.CloudError) and (
        error.status in _MAY_BE_GONE
    )


def _state(work: step.Work, resource: resources.Resource) -> str:
    """Return the state of a resource, GONE if it does not exist."""
    cloud, id_ = work.cloud, resource.id
    match resource.kind:
        case resources.Kind.SERVER:
            server = cloud.nova.server(id_)
            going = server is not None and server.task_state == 'deleting'
            if server is None or going:
                return waiting.GONE
            return server.status.lower()
        case resources.Kind.VOLUME:
            return cloud.cinder.volume_state(id_)
        case resources.Kind.IMAGE:
            return cloud.glance.state(id_)
        case resources.Kind.SECRET:
            found = cloud.barbican.secret(id_)
            return found.status.lower() if found else waiting.GONE
