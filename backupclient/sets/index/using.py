# SPDX-License-Identifier: Apache-2.0
"""Do something with the cache, whatever state it is in."""

from collections.abc import Callable
import contextlib
from typing import TypeVar

from backupclient.sets.index import database
from backupclient.sets.index import indexes

_T = TypeVar('_T')


def do(work: Callable[[indexes.Index], _T]) -> _T:
    """Do something with the cache, and return what it returns.

    A cache that cannot be used is thrown away. Then, and while another
    process keeps it busy, a temporary one serves.

    :param work: may be called a second time.
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
