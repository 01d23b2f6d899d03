# SPDX-License-Identifier: Apache-2.0
"""Limits and their use, as Cinder tells them in one of two ways."""

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


@fields.reader('quota set')
def of_quota_set(body: fields.Json) -> dict[str, inventories.Quota]:
    """Read a quota set with its usage, those of volume types included."""
    return {
        name: _quota(row, 'limit', 'in_use', 'reserved')
        for name, row in fields.inner(body, 'quota_set').items()
        if _NAME.fullmatch(name) and isinstance(row, Mapping)
    }


@fields.reader('list of limits')
def of_limits(body: fields.Json) -> dict[str, inventories.Quota]:
    """Read the limits, which have none of the volume types."""
    absolute = fields.inner(fields.inner(body, 'limits'), 'absolute')
    return {
        name: _quota(absolute, limit, used)
        for name, (limit, used) in _LIMITS.items()
        if absolute.get(limit) is not None
    }


def _quota(raw: fields.Json, limit: str, *used: str) -> inventories.Quota:
    """Read one; a use that was counted wrongly may be below zero."""
    most, *parts = (
        fields.number(raw, key, least=-fields.LARGEST) or 0
        for key in (limit, *used)
    )
    return inventories.Quota(most, sum(parts))
