# SPDX-License-Identifier: Apache-2.0
"""The free space of a repository, and the space that a deletion frees."""

from collections.abc import Sequence
import os
import pathlib
import re

from backupclient import errors
from backupclient.store import localfile
from backupclient.store.restic import repos

_LEAST = 64 << 20
"""The minimum free space, in bytes, if the repository is in a folder.

The size of a backup cannot be predicted: restic stores only new data.
"""

_MOST = 10_000
"""The largest number of IDs that fit into one call."""

# "total prune:           3 blobs / 2.861 MiB"
_FREED = re.compile(rb'^total prune: .* / ([0-9.]+ [KMGTPE]?i?B)$', re.M)


def require(folder: pathlib.Path, name: str) -> None:
    """Raise TargetError if a folder cannot take any backup.

    :param folder: the folder of the repository.
    :param name: the name of the store, for the message.
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
    """Return how much space the deletion of snapshots would free.

    :param snapshots: the IDs of the snapshots.
    :returns: a size with its unit, in restic's words; ``''`` if restic does
        not report it.
    :raises TargetError: if restic fails.
    """
    if not 0 < len(snapshots) <= _MOST:
        return ''
    said = repository.would_free(snapshots)
    found = _FREED.search(said)
    return found[1].decode() if found else ''
