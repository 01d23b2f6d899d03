# SPDX-License-Identifier: Apache-2.0
"""From the target of a request to its store."""

import pathlib

from backupclient import errors
from backupclient.store import base
from backupclient.store import folder

_LATER = ('restic:', 'rclone:')


def find(target: str) -> base.Store:
    """Give the store that a target names.

    :param target: as in a request: the absolute path of a folder.
    :raises UsageError: it names a kind of store that is not there yet.
    """
    if target.startswith(_LATER):
        kind = target.partition(':')[0]
        raise errors.UsageError(
            f'Targets in {kind} come with a later release. For now, a target '
            'is the path of a folder on this machine.'
        )
    return folder.Folder(pathlib.Path(target))
