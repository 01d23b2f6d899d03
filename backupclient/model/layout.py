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

DELETING = '.deleting'
"""The end of the name of a set that is being deleted."""
DELETION = 'deleting.json'
"""What is being deleted of a set: there from before the manifest goes."""
CLAIMS = 'in-use'
"""The folder in which those who read a set say so."""

VERIFIED = 'verified'
"""The folder with what verifications have found, in a set."""

DESCRIPTIONS = (MANIFEST, CHECKSUMS, INSTRUCTIONS)
"""What tells of a set, the manifest first."""

_VERIFIED = re.compile(
    rf'{VERIFIED}/[0-9]{{8}}T[0-9]{{6}}Z(?:-[0-9]{{1,3}})?\.json'
)
_CLAIM = re.compile(rf'{CLAIMS}/[0-9]{{8}}T[0-9]{{6}}Z-[a-z]{{4}}\.json')
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


def may_be_read(path: str) -> bool:
    """Tell whether a path can be that of any file of a finished set."""
    return path in DESCRIPTIONS or is_member(path) or is_verified(path)


def require_member(path: str) -> None:
    """Do nothing when :func:`is_member` holds.

    :raises ValueError: naming the path.
    """
    if not is_member(path):
        raise ValueError(
            f'{path[:80]!r} is not the path of a file in a backup set'
        )


def is_file_of(path: str, source: resources.Resource) -> bool:
    """Tell whether a path is that of the data, or the payload, of a resource.

    A manifest may have been written by anybody: it must not name the file of
    one resource as that of another.
    """
    folder = _FOLDERS.get(source.kind, 'secrets')
    name = path.removeprefix(f'{folder}/{source.id}.')
    if source.kind is resources.Kind.SECRET:
        return name in ('bin', 'bin.age')
    return name in _FORMATS or name == 'bin'


def is_key_of(path: str, source: resources.Resource) -> bool:
    """Tell whether a path is that of the key of a resource.

    The payload of a secret is its key.
    """
    if source.kind is resources.Kind.SECRET:
        return is_file_of(path, source)
    return path in (
        key_file(source, protected=False),
        key_file(source, protected=True),
    )


def is_verified(path: str) -> bool:
    """Tell whether a path can be that of the result of a verification."""
    return _VERIFIED.fullmatch(path) is not None


def is_claim(path: str) -> bool:
    """Tell whether a path can be that of the claim of a reader."""
    return _CLAIM.fullmatch(path) is not None


def claim_file(name: str) -> str:
    """Return the path of the claim of a reader.

    :param name: a time and four letters, as the ID of a run.
    """
    return f'{CLAIMS}/{name}.json'


def verified_file(stamp: str, number: int = 0) -> str:
    """Give the path of the result of a verification.

    :param stamp: its time in UTC, as in ``20260131T235959Z``.
    :param number: tells results of the same second apart.
    """
    return f'{VERIFIED}/{stamp}{f"-{number}" if number else ""}.json'


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
