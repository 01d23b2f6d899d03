# SPDX-License-Identifier: Apache-2.0
"""When a copy was captured, and how consistent it is."""

import dataclasses

from backupclient import errors
from backupclient.model import plans
from backupclient.model import stamps
from backupclient.procedures import interim
from backupclient.procedures import step


def note_state(
    work: step.Work,
    item: plans.Item,
    made: interim.Backup,
    created_at: str = '',
) -> interim.Backup:
    """Return ``made`` with the time and the consistency of the capture.

    If an earlier step has recorded them already, ``made`` is returned as it
    is. The time comes from the cloud, because an earlier process may have
    started the capture.

    :param created_at: the creation time that the cloud reports; if it is
        ``''``, the present time is recorded.
    """
    if made.captured:
        return made
    time = stamps.read(created_at) or work.clock.now()
    captured = interim.Moment(
        time.isoformat(timespec='seconds'), _consistency(work, item)
    )
    return dataclasses.replace(made, captured=captured)


def _consistency(work: step.Work, item: plans.Item) -> plans.Consistency:
    """Return the consistency of the copy.

    A server may have been started since it was planned. So a copy counts as
    STOPPED only if Nova confirms now that its servers are stopped. If Nova
    does not answer, it is CRASH: the copy must not fail because of that.
    """
    stopped = plans.Consistency.STOPPED
    if item.consistency is not stopped:
        return item.consistency
    servers = {item.resource.id}
    if item.volume:
        servers = {one.server_id for one in item.volume.attachments}
    try:
        found = [work.cloud.nova.server(each) for each in servers]
    except errors.CloudError:
        return plans.Consistency.CRASH
    states = {server.status for server in found if server}
    return stopped if states <= plans.AT_REST else plans.Consistency.CRASH
