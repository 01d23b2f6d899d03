# SPDX-License-Identifier: Apache-2.0
"""The copy of a resource: an artifact in the cloud, or a file, and a key."""

from collections.abc import Mapping
import dataclasses
import re

from backupclient.model import ids
from backupclient.model import layout

_SHA512 = re.compile('[0-9a-f]{128}')


@dataclasses.dataclass(frozen=True, slots=True)
class Artifact:
    """A backup that stays in the cloud.

    :param kind: ``backup`` (of Cinder) or ``image``.
    """

    kind: str
    id: str
    name: str
    incremental: bool = False
    key_id: str = ''

    def __post_init__(self) -> None:
        ids.require(self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a backup set.

    :param path: relative to the set's folder, with ``/``.
    :param digests: hexadecimal, by algorithm; always with ``sha512``.
    :param verified: what the content was compared with: the algorithm of
        Glance's hash, such as ``sha512`` or ``md5``; ``size`` if the cloud has
        no hash.
    """

    path: str
    size: int
    digests: Mapping[str, str]
    verified: str = ''

    def __post_init__(self) -> None:
        layout.require_member(self.path)
        if self.size < 0:
            raise ValueError(f'{self.path} cannot have {self.size} bytes')
        if not _SHA512.fullmatch(self.digests.get('sha512', '')):
            raise ValueError(f'{self.path} has no valid sha512 digest')


@dataclasses.dataclass(frozen=True, slots=True)
class KeyRecord:
    """Facts about an exported key, without its bytes.

    :param path: the path of the key's file in the set.
    :param fingerprint: the sha256 of the payload as Barbican stores it.
    :param opens: whether the key opens its data: ``yes``, ``no`` or
        ``not checked``.
    :param protected: whether the file is encrypted by age.
    :param luks: the version of the LUKS header on which the key was tried, 0
        if unknown: earlier releases did not record it.
    """

    path: str
    secret_id: str
    secret_type: str
    algorithm: str
    bit_length: int | None
    fingerprint: str
    opens: str
    protected: bool
    luks: int = 0

    def __post_init__(self) -> None:
        layout.require_member(self.path)
