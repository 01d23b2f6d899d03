# SPDX-License-Identifier: Apache-2.0
"""What became of each item of a plan."""

from collections.abc import Mapping
import dataclasses
import enum
import re

from backupclient.model import ids
from backupclient.model import layout
from backupclient.model import plan as plan_
from backupclient.model import resources

_SHA512 = re.compile('[0-9a-f]{128}')


class State(enum.StrEnum):
    """How an item of a run ended."""

    COMPLETE = 'complete'
    FAILED = 'failed'
    SKIPPED = 'skipped'


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
        if not _SHA512.fullmatch(self.digests.get('sha512', '')):
            raise ValueError(f'{self.path} has no valid sha512 digest')


@dataclasses.dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of an exported key, never its bytes.

    :param path: of the file in the set.
    :param fingerprint: sha256 of Barbican's raw bytes.
    :param opens: ``yes``, ``no`` or ``not checked``.
    """

    path: str
    secret_id: str
    secret_type: str
    algorithm: str
    bit_length: int | None
    fingerprint: str
    opens: str
    protected: bool

    def __post_init__(self) -> None:
        layout.require_member(self.path)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item.

    :param reason: of a failure or a skip, in a sentence.
    :param captured_at: UTC, ISO 8601: when the data were as they are in the
        copy.
    :param image: of a server's own disk: the image that held it, as Nova
        made it. It need not be there any more.
    :param secret: a secret with what only the run has read of it.
    """

    resource: resources.Resource
    procedure: plan_.Procedure
    state: State
    reason: str = ''
    seconds: float = 0.0
    size: int | None = None
    consistency: plan_.Consistency = plan_.Consistency.NONE
    captured_at: str = ''
    artifact: Artifact | None = None
    file: FileRecord | None = None
    key: KeyRecord | None = None
    notes: tuple[str, ...] = ()
    image: resources.Image | None = None
    secret: resources.Secret | None = None

    @property
    def result(self) -> str:
        """The file, or the artifact's ID, or nothing."""
        if self.file:
            return self.file.path
        return self.artifact.id if self.artifact else ''
