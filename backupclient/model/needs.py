# SPDX-License-Identifier: Apache-2.0
"""The quota that the work on an item takes.

Quotas have the names of the services. Cinder counts a snapshot's size in
``gigabytes`` too, and counts everything a second time in the quotas of the
volume type.
"""

from collections import Counter

from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import tasks


def artifacts(item: plans.Item) -> Counter[str]:
    """Return the quota that stays taken after the run, by name."""
    match item:
        case plans.Item(task=restores.Task(new=new)):
            return _restored(new)
        case plans.Item(
            task=plans.VolumeBackup(), seen=resources.Volume() as volume
        ):
            return Counter(backups=1, backup_gigabytes=volume.size_gib)
    return Counter()


def temporaries(item: plans.Item) -> Counter[str]:
    """Return the quota of the temporary resources, by name.

    In a backup these are a snapshot and the volume made from it. In a restore
    from a file it is the image from which a volume or server is made.
    """
    match item:
        case plans.Item(task=restores.Task(source=source)):
            kinds = (resources.Kind.VOLUME, resources.Kind.SERVER)
            between = item.resource.kind in kinds and source.file
            return Counter(image_count_total=int(bool(between)))
        case plans.Item(
            task=tasks.SnapshotImage(), seen=resources.Volume() as volume
        ):
            return once_captured(item) + _counted(
                volume.type_name, snapshots=1, gigabytes=volume.size_gib
            )
    return Counter()


def of(item: plans.Item) -> Counter[str]:
    """Return the quota that the item takes at its peak, by name."""
    return artifacts(item) + temporaries(item)


def once_captured(item: plans.Item) -> Counter[str]:
    """Return the additional quota that the item takes after its capture.

    That is the quota of the volume that is made from the snapshot.
    """
    match item:
        case plans.Item(
            task=tasks.SnapshotImage(), seen=resources.Volume() as volume
        ):
            return _counted(
                volume.type_name, volumes=1, gigabytes=volume.size_gib
            )
    return Counter()


def _restored(new: restores.New) -> Counter[str]:
    """Return the quota of the resource that a restore makes."""
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
    """Return quota amounts, also for the volume type if it is known."""
    if not type_name:
        return Counter(needed)
    of_type = {f'{name}_{type_name}': n for name, n in needed.items()}
    return Counter(needed | of_type)
