# SPDX-License-Identifier: Apache-2.0
"""What is known of finished sets, so that each file is not asked for alone.

A call of rclone costs a good part of a second. Whoever verifies or restores a
set asks for each of its files: one list of the set answers for some seconds.
What is behind a link is in no list.
"""

from collections.abc import Callable, Mapping
import threading
import time

from backupclient.store import base

_SECONDS = 20.0

List = Callable[[str], tuple[base.Entry, ...]]


class Seen:
    """The files of sets, as they were listed last. Used by many threads.

    :param list_: lists the files of a folder.
    """

    def __init__(self, list_: List) -> None:
        self._list = list_
        self._lock = threading.Lock()
        self._own: set[str] = set()
        self._found: dict[str, tuple[float, dict[str, base.Entry]]] = {}

    def set_of(self, path: str) -> Mapping[str, base.Entry] | None:
        """Return all files of the set that a file belongs to, by their paths.

        :returns: None for a set of this process, whose files have to be asked
            for, and for a file of no set.
        :raises TargetError: the set cannot be listed.
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
        """Forget a set in which this process changes something.

        From now on its files are asked for: a run deletes data in the cloud
        because they are in its set.
        """
        run = path.partition('/')[0]
        self._own.add(run)
        with self._lock:
            self._found.pop(run, None)
