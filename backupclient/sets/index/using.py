# SPDX-License-Identifier: Apache-2.0
"""Use the cache, or a temporary one if it is damaged or locked."""

from collections.abc import Callable
import contextlib
from typing import TypeVar

from backupclient.sets.index import database
from backupclient.sets.index import indexes

_T = TypeVar('_T')


def do(work: Callable[[indexes.Index], _T]) -> _T:
    """Call a function with the cache, and return its result.

    A damaged cache is deleted. Then, or if another process has locked the
    cache, the function is called again with a temporary one.

    :param work: the function; it has to be idempotent.
    """
    try:
        with database.opened() as connection:
            return work(indexes.Index(connection))
    except database.Busy:
        pass
    except database.Unusable:
        with contextlib.suppress(OSError):
            database.discard()
    with database.temporary() as connection:
        return work(indexes.Index(connection))
