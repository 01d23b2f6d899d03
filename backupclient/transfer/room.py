# SPDX-License-Identifier: Apache-2.0
"""Check the free space in the store of a backup set."""

from backupclient import errors
from backupclient.store import base


def require_room(store: base.Store, needed: int) -> None:
    """Raise TargetError if a store is read-only or has too little space.

    A store that does not know its free space passes.

    :param needed: the number of bytes to write.
    """
    store.require_writable()
    free = store.free()
    if free is not None and free < needed:
        raise errors.TargetError(
            f'{store.name} has {free:,} bytes free, {needed:,} are needed. '
            'Make room or choose another place.'
        )
