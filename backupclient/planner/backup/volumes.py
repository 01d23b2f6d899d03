# SPDX-License-Identifier: Apache-2.0
"""The rule for volumes: by the Backup API, or as images."""

from collections.abc import Iterable
import re

from backupclient.model import inventories
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import tags
from backupclient.planner.backup import indexes
from backupclient.planner.backup import rule
from backupclient.planner.backup import volume_backups
from backupclient.planner.backup import volume_images

KIND = resources.Kind.VOLUME
NEEDS_TARGET = False

# Names of the volumes that Cinder makes for its own backups. Older clouds do
# not mark them with ``consumes_quota``.
_UUID = r'[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'
_OF_CINDER = re.compile(rf'backup-(vol|snap)-{_UUID}')


def named(request: requests.Request) -> tuple[str, ...]:
    """Return the names and IDs of ``--volume``."""
    return request.volumes


def known(inventory: inventories.Inventory) -> Iterable[resources.Resource]:
    """Yield all volumes of the project."""
    return (volume.resource for volume in inventory.volumes)


def of_tenant(index: indexes.Index) -> Iterable[resources.Resource]:
    """Yield the volumes that neither this program nor Cinder made."""
    return (
        volume.resource
        for volume in index.inventory.volumes
        if volume.consumes_quota
        and not _OF_CINDER.fullmatch(volume.name)
        and not tags.made_by_us(volume.name, volume.metadata)
    )


def item(case: rule.Case) -> plans.Item:
    """Plan a Cinder backup or an image; the image may be the fallback."""
    if not _by_backup(case.index):
        return volume_images.item(case)
    backup = volume_backups.item(case)
    if case.index.request.volume_method is requests.VolumeMethod.AUTO:
        return rule.with_fallback(backup, volume_images.item(case))
    return backup


def _by_backup(index: indexes.Index) -> bool:
    method = index.request.volume_method
    if method is requests.VolumeMethod.AUTO:
        return not index.request.target and index.inventory.backup_api
    return method is requests.VolumeMethod.BACKUP
