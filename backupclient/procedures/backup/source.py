# SPDX-License-Identifier: Apache-2.0
"""Whether what is backed up is still there when its backup has failed."""

from backupclient import errors
from backupclient.cloud import waiting
from backupclient.model import plans
from backupclient.model import resources
from backupclient.procedures import step

_GOING = frozenset({waiting.GONE, 'deleted', 'deleting', 'pending_delete'})
_MAY_BE_GONE = frozenset({400, 404, 409, 410})
"""HTTP statuses of requests about a thing that is gone, or is just going."""


def failure(
    work: step.Work, item: plans.Item, error: errors.BackupError
) -> str:
    """Return why an item has failed: that its resource was deleted, if so.

    The services tell of what they were making, as of an image that is gone,
    and not of the server that went away below it.
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
    return f'The {item.resource.label} was deleted during the backup.'


def _may_be_gone(error: errors.BackupError) -> bool:
    if isinstance(error, errors.WaitFailed):
        return not isinstance(error, errors.WaitTimeout)
    return isinstance(error, errors.CloudError) and (
        error.status in _MAY_BE_GONE
    )


def _state(work: step.Work, resource: resources.Resource) -> str:
    """Read the state of a resource, GONE without one."""
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
