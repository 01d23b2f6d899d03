# SPDX-License-Identifier: Apache-2.0
"""Read limits and their use from each service's JSON."""

from collections.abc import Mapping
import re

from backupclient.cloud import fields
from backupclient.model import inventories

_NAME = re.compile(
    r'(volumes|gigabytes|snapshots|backups|backup_gigabytes)(_.+)?'
)
_LIMITS = {
    'volumes': ('maxTotalVolumes', 'totalVolumesUsed'),
    'gigabytes': ('maxTotalVolumeGigabytes', 'totalGigabytesUsed'),
    'snapshots': ('maxTotalSnapshots', 'totalSnapshotsUsed'),
    'backups': ('maxTotalBackups', 'totalBackupsUsed'),
    'backup_gigabytes': (
        'maxTotalBackupGigabytes',
        'totalBackupGigabytesUsed',
    ),
}

_OF_SERVERS = {
    'instances': ('maxTotalInstances', 'totalInstancesUsed'),
    'cores': ('maxTotalCores', 'totalCoresUsed'),
    'ram': ('maxTotalRAMSize', 'totalRAMUsed'),
}
_OF_IMAGES = ('image_count_total', 'image_size_total')


@fields.reader('quota set')
def of_quota_set(body: fields.Json) -> dict[str, inventories.Quota]:
    """Return Cinder's quotas by name, including those of volume types."""
    return {
        name: _quota(row, 'limit', 'in_use', 'reserved')
        for name, row in fields.inner(body, 'quota_set').items()
        if _NAME.fullmatch(name) and isinstance(row, Mapping)
    }


@fields.reader('list of limits')
def of_limits(body: fields.Json) -> dict[str, inventories.Quota]:
    """Return Cinder's limits by name; there are none for volume types."""
    absolute = fields.inner(fields.inner(body, 'limits'), 'absolute')
    return {
        name: _quota(absolute, limit, used)
        for name, (limit, used) in _LIMITS.items()
        if absolute.get(limit) is not None
    }


@fields.reader('list of limits')
def of_server_limits(body: fields.Json) -> dict[str, inventories.Quota]:
    """Return Nova's limits: ``instances``, ``cores``, ``ram`` in MiB."""
    absolute = fields.inner(fields.inner(body, 'limits'), 'absolute')
    return {
        name: _quota(absolute, limit, used)
        for name, (limit, used) in _OF_SERVERS.items()
        if absolute.get(limit) is not None
    }


@fields.reader('list of limits')
def of_image_usage(body: fields.Json) -> dict[str, inventories.Quota]:
    """Return Glance's limits, by their names in Keystone."""
    usage = fields.inner(body, 'usage')
    return {
        name: _quota(row, 'limit', 'usage')
        for name in _OF_IMAGES
        if isinstance(row := usage.get(name), Mapping)
    }


def _quota(raw: fields.Json, limit: str, *used: str) -> inventories.Quota:
    """Return a quota; its use may be negative if a service miscounted."""
    most, *parts = (
        fields.number(raw, key, least=-fields.LARGEST) or 0
        for key in (limit, *used)
    )
    return inventories.Quota(most, sum(parts))
