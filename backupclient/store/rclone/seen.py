# SPDX-License-Identifier: Apache-2.0
"""A cache of the files of finished sets.

A call of rclone takes a good part of a second, and ``verify`` and ``restore``
look up each file of a set. So one list of the set serves for some seconds.
Files behind a link are in no list.
"""

from collections.abc import Callable, Mapping
import threading
import time

from backupclient.store import base

_SECONDS = 20.0

List = Callable[[str], tuple[base.Entry, ...]]


class Seen:
    """The files of sets from their last lists. Used by many threads.

    :param list_: returns the files of a folder.
    """

    def __init__(self, list_: List) -> None:
        self._list = list_
        self._lock = threading.Lock()
        self._own: set[str] = set()
        self._found: dict[str, tuple[float, dict[str, base.Entry]]] = {}

    def set_of(self, path: str) -> Mapping[str, base.Entry] | None:
        """Return all files of the set that a file belongs to, by their paths.

        :returns: None for a file of no set, and for a set that this process
            changes. The caller has to look up these files one by one.
        :raises TargetError: if the set cannot be listed.
        """
        run, below, _ = path.partition('/')
        if not below or run in self._own:
            return None
        with self._lock:
            listed_at, found = self._found.get(run, (-_SECONDS, {}))
            if time.monotonic() - listed_at >= _SECONDS:
                found = {each.path: each for each in self._list(run)}
                self._found[run] = time.monotonic(), found
        return found

    def changes(self, path: str) -> None:
        """Forget a set because this process changes it.

        Its files are no longer cached: a run deletes data in the cloud after
        it has found them in its set, so it must not rely on an old list.
        """
        run = path.partition('/')[0]
        self._own.add(run)
        with self._lock:
            self._found.pop(run, None)
