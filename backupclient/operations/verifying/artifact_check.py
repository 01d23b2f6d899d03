# SPDX-License-Identifier: Apache-2.0
"""Check that Cinder backups and images in the cloud can be used.

The services show whether an artifact exists, is available, and has the
backups that it builds on. They do not provide the bytes of a Cinder backup:
only a restore proves them.
"""

from collections.abc import Iterable, Iterator

from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import verification
from backupclient.operations.verifying import key_check
from backupclient.planner.restore import artifacts

_CHANGING = frozenset({'creating', 'restoring', 'queued', 'saving'})
"""States that soon change, so they prove no damage."""

NOT_ASKED = (
    'The {kind} {id} is in the cloud, where nobody looked: that needs '
    'credentials.'
)
_ONLY_A_RESTORE = 'only a restore proves: --depth restore.'
BYTES = (
    f'Whether the bytes of the {{kind}} {{id}} are right, {_ONLY_A_RESTORE}'
)


def files(
    entry: manifests.Entry, inventory: inventories.Inventory | None
) -> Iterator[key_check.Found]:
    """Yield a finding on the artifact of a resource, if its copy is one.

    :param inventory: the inventory of the project, None without a login.
    """
    artifact = entry.artifact
    if entry.file is not None or artifact is None:
        return
    if inventory is None:
        yield _unproved(NOT_ASKED, artifact)
    elif artifact.kind not in (artifacts.BACKUP, artifacts.IMAGE):
        yield key_check.Found(
            verification.Result.UNPROVED,
            f'Its copy is a "{artifact.kind}", which is not known here.',
        )
    elif why := artifacts.unusable(inventory, entry.resource, artifact):
        yield key_check.Found(_result(inventory, artifact), why)
    else:
        yield key_check.Found(
            verification.Result.GOOD,
            f'The {artifact.kind} {artifact.id} can be used.',
        )


def data(entry: manifests.Entry) -> Iterator[key_check.Found]:
    """Yield the finding that the bytes of an artifact cannot be read."""
    if entry.file is None and entry.artifact is not None:
        yield _unproved(BYTES, entry.artifact)


def after_a_restore(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the notes without those asking for ``--depth restore``."""
    return tuple(n for n in notes if not n.endswith(_ONLY_A_RESTORE))


def _result(
    inventory: inventories.Inventory, artifact: copies.Artifact
) -> verification.Result:
    """Return the result for an artifact that cannot be used."""
    if artifact.kind in inventory.unread or (
        artifact.kind == artifacts.BACKUP and not inventory.backup_api
    ):
        return verification.Result.UNPROVED
    found = artifacts.found(inventory, artifact)
    if found is None:
        return verification.Result.MISSING
    if found.status in _CHANGING:
        return verification.Result.UNPROVED
    return verification.Result.DAMAGED


def _unproved(text: str, artifact: copies.Artifact) -> key_check.Found:
    return key_check.Found(
        verification.Result.UNPROVED,
        text.format(kind=artifact.kind, id=artifact.id),
    )
