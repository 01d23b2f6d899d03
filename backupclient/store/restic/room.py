# SPDX-License-Identifier: Apache-2.0
"""The room that a repository has, and would have."""

from collections.abc import Sequence
import os
import pathlib
import re

from backupclient import errors
from backupclient.store import localfile
from backupclient.store.restic import repos

_LEAST = 64 << 20
"""The bytes that have to be free where the repository is a folder.

How many a backup takes, nobody can tell: restic stores only what is new.
"""

_MOST = 10_000
"""The snapshots whose IDs fit into one call."""

# "total prune:           3 blobs / 2.861 MiB"
_FREED = re.compile(rb'^total prune: .* / ([0-9.]+ [KMGTPE]?i?B)$', re.M)


def require(folder: pathlib.Path, name: str) -> None:
    """Raise TargetError if a folder cannot take any backup.

    :param name: of the store.
    """
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise errors.TargetError(
            f'{name} cannot take a backup set: {folder} is not a folder that '
            'you can write to.'
        )
    free = localfile.free_bytes(folder)
    if free < _LEAST:
        raise errors.TargetError(
            f'{name} has {free:,} bytes free. Make room or choose another '
            'place.'
        )


def would_free(repository: repos.Repository, snapshots: Sequence[str]) -> str:
    """Return how much room deleting snapshots would free, in restic's words.

    :param snapshots: their IDs.
    :returns: ``''`` if restic does not tell.
    :raises TargetError: restic has failed.
    """
    if not 0 < len(snapshots) <= _MOST:
        return ''
    said = repository.would_free(snapshots)
    found = _FREED.search(said)
    return found[1].decode() if found else ''
