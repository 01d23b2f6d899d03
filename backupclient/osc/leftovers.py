# SPDX-License-Identifier: Apache-2.0
"""From a project to what interrupted runs left in it."""

import logging

from backupclient import errors
from backupclient.cloud import door
from backupclient.engine import cleanup
from backupclient.engine import unfinished
from backupclient.model import inventory as inventory_
from backupclient.model import leftover
from backupclient.planner import leftovers

LOG = logging.getLogger(__name__)


def survey(
    cloud: door.Cloud, inventory: inventory_.Inventory
) -> tuple[leftover.Leftover, ...]:
    """Find what runs left; what may be in use is marked to be kept."""
    now = cloud.clock.now()
    if not leftovers.find(inventory, now):
        return ()
    # What lies in the cloud has its times from the cloud's clock.
    if 'image' in cloud.services:
        now = cloud.glance.now()
    return cleanup.judge(cloud, leftovers.find(inventory, now), now)


def hints(cloud: door.Cloud, inventory: inventory_.Inventory) -> list[str]:
    """Say what dead runs have left: temporary things, and servers off."""
    return [
        *_temporary(cloud, inventory),
        *unfinished.servers_off(cloud.identity),
    ]


def _temporary(
    cloud: door.Cloud, inventory: inventory_.Inventory
) -> list[str]:
    """Say that there is something to clean up, nothing when there is not.

    Nor when it cannot be told: who runs a backup asked for something else.
    """
    if 'image' in inventory.unread:
        # Which runs are alive stands there.
        return []
    try:
        found = survey(cloud, inventory)
    except errors.CloudError:
        LOG.debug('The leases cannot be read', exc_info=True)
        return []
    dead = [one for one in found if one.goes]
    if not dead:
        return []
    runs = sorted({one.run for one in dead})
    some = ', '.join(runs[:3]) + (', ...' if len(runs) > 3 else '')
    return [
        f'Left in the project by interrupted runs ({some}): {len(dead)} '
        'temporary things. "openstack backup cleanup" takes them away.'
    ]
