# SPDX-License-Identifier: Apache-2.0
"""What the work on an item takes of the project's quotas.

Cinder counts a snapshot's size in ``gigabytes`` too, and everything once more
for its volume type. What it makes for itself during a backup counts nowhere.
"""

from collections import Counter

from backupclient.model import plan as plan_


def artifacts(item: plan_.Item) -> Counter[str]:
    """Count what stays, by Cinder's names of the quotas."""
    backup = plan_.Procedure.VOLUME_BACKUP
    if item.volume is None or item.procedure is not backup:
        return Counter()
    return Counter(backups=1, backup_gigabytes=item.volume.size_gib)


def temporaries(item: plan_.Item) -> Counter[str]:
    """Count what goes again: a snapshot, and the volume made of it."""
    image = plan_.Procedure.SNAPSHOT_IMAGE
    if item.volume is None or item.procedure is not image:
        return Counter()
    needed = {
        'snapshots': 1,
        'volumes': 1,
        'gigabytes': 2 * item.volume.size_gib,
    }
    of_type = {
        f'{name}_{item.volume.type_name}': count
        for name, count in needed.items()
    }
    return Counter(needed | of_type)


def of(item: plan_.Item) -> Counter[str]:
    """Count all that it takes at a time."""
    return artifacts(item) + temporaries(item)
