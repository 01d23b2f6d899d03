# SPDX-License-Identifier: Apache-2.0
"""What the work on an item takes of the project's quotas.

The names of the quotas are those of the services. Cinder counts a snapshot's
size in ``gigabytes`` too, and everything once more for its volume type.
"""

from collections import Counter

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores


def artifacts(item: plans.Item) -> Counter[str]:
    """Count what stays, by the names of the quotas."""
    if item.restore is not None:
        return _restored(item.restore.new)
    backup = plans.Procedure.VOLUME_BACKUP
    if item.volume is None or item.procedure is not backup:
        return Counter()
    return Counter(backups=1, backup_gigabytes=item.volume.size_gib)


def temporaries(item: plans.Item) -> Counter[str]:
    """Count what goes again.

    That is a snapshot, and the volume made of it; for a restore the image
    between a file and what is made of it.
    """
    if item.restore is not None:
        kind, file = item.resource.kind, item.restore.source.file
        between = (resources.Kind.VOLUME, resources.Kind.SERVER)
        return Counter(image_count_total=int(kind in between and bool(file)))
    image = plans.Procedure.SNAPSHOT_IMAGE
    if item.volume is None or item.procedure is not image:
        return Counter()
    return once_captured(item) + _counted(
        item.volume.type_name, snapshots=1, gigabytes=item.volume.size_gib
    )


def of(item: plans.Item) -> Counter[str]:
    """Count all that it takes at a time."""
    return artifacts(item) + temporaries(item)


def once_captured(item: plans.Item) -> Counter[str]:
    """Count what it takes on top when it goes on after its capture.

    That is the volume that is made of the snapshot.
    """
    image = plans.Procedure.SNAPSHOT_IMAGE
    if item.volume is None or item.procedure is not image:
        return Counter()
    return _counted(
        item.volume.type_name, volumes=1, gigabytes=item.volume.size_gib
    )


def _restored(new: restores.New) -> Counter[str]:
    """Count what a restore makes."""
    match new:
        case restores.NewVolume():
            return _counted(new.type_name, volumes=1, gigabytes=new.size_gib)
        case restores.NewServer():
            return Counter(instances=1, cores=new.vcpus, ram=new.ram_mib)
        case restores.NewImage():
            return Counter(image_count_total=1)
        case restores.NewSecret():
            return Counter()


def _counted(type_name: str, **needed: int) -> Counter[str]:
    """Count in each quota, and in that of the volume type, if it is known."""
    if not type_name:
        return Counter(needed)
    of_type = {f'{name}_{type_name}': n for name, n in needed.items()}
    return Counter(needed | of_type)
