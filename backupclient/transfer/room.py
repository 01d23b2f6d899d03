# SPDX-License-Identifier: Apache-2.0
"""Room for a backup set in the store where it goes."""

from backupclient import errors
from backupclient.store import base


def require_room(store: base.Store, needed: int) -> None:
    """Raise TargetError unless so many bytes can be written.

    A store that does not know its free space is taken at its word.

    :param needed: bytes.
    """
    store.require_writable()
    free = store.free()
    if free is not None and free < needed:
        raise errors.TargetError(
            f'{store.name} has {free:,} bytes free, {needed:,} are needed. '
            'Make room or choose another place.'
        )
