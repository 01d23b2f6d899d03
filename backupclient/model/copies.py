# SPDX-License-Identifier: Apache-2.0
"""What a run has made of a resource: in the cloud, in a file, and its key."""

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
    :param digests: hexadecimal, by algorithm; ``sha512`` is always there.
    :param verified: what the content was compared with: ``sha512`` (or
        another algorithm, or ``md5``) of Glance, or ``size`` when the cloud
        has no hash.
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
    """What is known of an exported key, never its bytes.

    :param path: of the file in the set.
    :param fingerprint: sha256 of Barbican's raw bytes.
    :param opens: ``yes``, ``no`` or ``not checked``.
    :param luks: the version of the header that it was tried on, 0 when not
        known: earlier releases did not record it.
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
