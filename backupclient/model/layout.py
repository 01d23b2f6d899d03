# SPDX-License-Identifier: Apache-2.0
"""The paths of files in a backup set, relative to its folder, with ``/``.

Only IDs and fixed words become parts of a path, never a resource's name.
"""

import re

from backupclient.model import resources

MANIFEST = 'manifest.json'
CHECKSUMS = 'SHA512SUMS'
INSTRUCTIONS = 'RESTORE.md'
FAILED = '.failed'
"""The folder beside the other sets for sets without a complete backup."""
MARKER = 'in-progress.json'
PARTIAL = '.partial'
"""The suffix of an unfinished set's folder."""

DELETING = '.deleting'
"""The suffix of the folder of a set that is being deleted."""
DELETION = 'deleting.json'
"""The list of a set's files, written before its deletion begins."""
CLAIMS = 'in-use'
"""The folder in a set with the claims of its readers."""

VERIFIED = 'verified'
"""The folder in a set with the results of verifications."""

DESCRIPTIONS = (MANIFEST, CHECKSUMS, INSTRUCTIONS)
"""The texts that describe a set, the manifest first."""

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
    """Return whether a path is allowed for a file with data or a key.

    Such a path stays within the set, and is safe in a shell without quotes.
    """
    return _MEMBER.fullmatch(path) is not None


def may_be_read(path: str) -> bool:
    """Return whether a path is allowed for any file of a finished set."""
    return path in DESCRIPTIONS or is_member(path) or is_verified(path)


def require_member(path: str) -> None:
    """Raise ValueError unless :func:`is_member` is true for a path.

    :raises ValueError: the message names the path.
    """
    if not is_member(path):
        raise ValueError(
            f'{path[:80]!r} is not the path of a file in a backup set'
        )


def is_file_of(path: str, source: resources.Resource) -> bool:
    """Return whether a path belongs to the data or payload of a resource.

    A forged manifest could name one resource's file as another's: check each
    path with this function.
    """
    folder = _FOLDERS.get(source.kind, 'secrets')
    name = path.removeprefix(f'{folder}/{source.id}.')
    if source.kind is resources.Kind.SECRET:
        return name in ('bin', 'bin.age')
    return name in _FORMATS or name == 'bin'


def is_key_of(path: str, source: resources.Resource) -> bool:
    """Return whether a path belongs to the key of a resource.

    For a secret, that is the path of its payload.
    """
    if source.kind is resources.Kind.SECRET:
        return is_file_of(path, source)
    return path in (
        key_file(source, protected=False),
        key_file(source, protected=True),
    )


def is_verified(path: str) -> bool:
    """Return whether a path is allowed for the result of a verification."""
    return _VERIFIED.fullmatch(path) is not None


def is_claim(path: str) -> bool:
    """Return whether a path is allowed for the claim of a reader."""
    return _CLAIM.fullmatch(path) is not None


def claim_file(name: str) -> str:
    """Return the path for the claim of a reader.

    :param name: a time and four letters, in the form of a run's ID.
    """
    return f'{CLAIMS}/{name}.json'


def verified_file(stamp: str, number: int = 0) -> str:
    """Return the path for the result of a verification.

    :param stamp: its time in UTC, such as ``20260131T235959Z``.
    :param number: distinguishes results of the same second.
    """
    return f'{VERIFIED}/{stamp}{f"-{number}" if number else ""}.json'


def data_file(source: resources.Resource, disk_format: str) -> str:
    """Return the path for the data of a volume, server or image.

    :param disk_format: Glance's; an unknown one becomes ``bin``.
    """
    ending = disk_format if disk_format in _FORMATS else _UNKNOWN
    return f'{_FOLDERS[source.kind]}/{source.id}.{ending}'


def is_data_of(source: resources.Resource, path: str) -> bool:
    """Return whether a path is one for the data or payload of a resource."""
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
    """Return whether a file is encrypted by age, by its path."""
    return path.endswith('.age')


def key_file(source: resources.Resource, *, protected: bool) -> str:
    """Return the path for the key that opens a resource's data.

    :param protected: whether the file is encrypted by age.
    """
    ending = 'key.age' if protected else 'key'
    return f'keys/{source.kind}-{source.id}.{ending}'


def secret_file(secret_id: str, *, protected: bool) -> str:
    """Return the path for a secret's payload.

    :param protected: whether the file is encrypted by age.
    """
    ending = 'bin.age' if protected else 'bin'
    return f'secrets/{secret_id}.{ending}'
