# SPDX-License-Identifier: Apache-2.0
"""The state that a copy holds: from when it is, and what it is worth."""

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
    """Note the state that the copy holds, unless a step before did.

    An earlier process may have begun the capture: so the time is the
    cloud's. And a server may have been started since it was planned.

    :param created_at: as the cloud gives it; without it, now is noted.
    """
    if made.captured:
        return made
    time = stamps.read(created_at) or work.clock.now()
    captured = interim.Moment(
        time.isoformat(timespec='seconds'), _consistency(work, item)
    )
    return dataclasses.replace(made, captured=captured)


def _consistency(work: step.Work, item: plans.Item) -> plans.Consistency:
    """Tell what the copy is worth, by its servers as they are now.

    Where that cannot be told, it is the lesser: the copy is made.
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
