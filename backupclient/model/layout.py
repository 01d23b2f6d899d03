# SPDX-License-Identifier: Apache-2.0
"""Where things lie in a backup set: relative paths, with ``/``.

Only IDs and known words become parts of a path, never a name.
"""

import re

from backupclient.model import resources

MANIFEST = 'manifest.json'
CHECKSUMS = 'SHA512SUMS'
INSTRUCTIONS = 'RESTORE.md'
FAILED = '.failed'
"""The folder for sets in which nothing is complete, beside the others."""
MARKER = 'in-progress.json'
PARTIAL = '.partial'
"""The end of the name of a set that is not finished."""

_FOLDERS = {
    resources.Kind.VOLUME: 'volumes',
    resources.Kind.SERVER: 'servers',
    resources.Kind.IMAGE: 'images',
}
_FORMATS = frozenset(
    {
        'aki',
        'ami',
        'ari',
        'iso',
        'ploop',
        'qcow2',
        'raw',
        'vdi',
        'vhd',
        'vhdx',
        'vmdk',
    }
)
_UNKNOWN = 'bin'
_MEMBER = re.compile(
    r'(?:volumes|servers|images|keys|secrets)/'
    r'[0-9A-Za-z-]{1,80}(?:\.[0-9a-z]{1,8}){1,2}'
)


def is_member(path: str) -> bool:
    """Tell whether a path can be that of a file with data or a key.

    Such a path stays within the set, and no shell reads anything into it.
    """
    return _MEMBER.fullmatch(path) is not None


def require_member(path: str) -> None:
    """Do nothing when :func:`is_member` holds.

    :raises ValueError: naming the path.
    """
    if not is_member(path):
        raise ValueError(
            f'{path[:80]!r} is not the path of a file in a backup set'
        )


def data_file(source: resources.Resource, disk_format: str) -> str:
    """Give the path of the data of a volume, server or image.

    :param disk_format: Glance's; one that is not known becomes ``bin``.
    """
    ending = disk_format if disk_format in _FORMATS else _UNKNOWN
    return f'{_FOLDERS[source.kind]}/{source.id}.{ending}'


def is_data_of(source: resources.Resource, path: str) -> bool:
    """Tell whether a path is one where the data of a resource belong."""
    if source.kind is resources.Kind.SECRET:
        return path in (
            secret_file(source.id, protected=False),
            secret_file(source.id, protected=True),
        )
    start, _, ending = path.rpartition('.')
    return start == f'{_FOLDERS[source.kind]}/{source.id}' and (
        ending in _FORMATS or ending == _UNKNOWN
    )


def is_sealed(path: str) -> bool:
    """Tell whether a file is encrypted by age, by its path."""
    return path.endswith('.age')


def key_file(source: resources.Resource, *, protected: bool) -> str:
    """Give the path of the key that opens a resource's data."""
    ending = 'key.age' if protected else 'key'
    return f'keys/{source.kind}-{source.id}.{ending}'


def secret_file(secret_id: str, *, protected: bool) -> str:
    """Give the path of a secret's payload."""
    ending = 'bin.age' if protected else 'bin'
    return f'secrets/{secret_id}.{ending}'
