# SPDX-License-Identifier: Apache-2.0
"""A priority queue of the groups with a flow that could start."""

from collections import defaultdict
from collections.abc import Callable, Sequence
import heapq
from typing import NamedTuple

from backupclient.model import graphs


class Place(NamedTuple):
    """The priority of a group.

    :param rank: the priority; the lowest comes first.
    :param order: the priority within a rank; the lowest comes first.
    """

    rank: int
    order: int
    group: str


Need = tuple[graphs.Amounts, graphs.Amounts, graphs.Amounts]
"""Three amounts of quota: for the flow, for later flows of its group, and the
amount that is already reserved for the group. If one group fits, all groups
with the same need fit."""

_Entry = tuple[Place, Need]
_Key = tuple[int, Need]


class Line:
    """A queue that skips groups for which there is too little free quota.

    If a need does not fit, all groups with that need are set aside until more
    quota is free. So finding the next group costs time by the number of
    different needs, not of groups.

    :param only: the only group that may be taken, ``''`` for any group.
    """

    def __init__(self) -> None:
        self.only = ''
        self._entries: dict[str, _Entry] = {}
        self._line: list[_Entry] = []
        self._aside: defaultdict[_Key, list[_Entry]] = defaultdict(list)
        self._no_room: set[_Key] = set()

    def __contains__(self, group: str) -> bool:
        return group in self._entries

    def add(self, place: Place, need: Need) -> None:
        """Add a group, or change its priority."""
        entry = (place, need)
        self._entries[place.group] = entry
        aside = self._aside[_key(entry)]
        if _key(entry) in self._no_room or (aside and aside[0] < entry):
            heapq.heappush(aside, entry)
        else:
            heapq.heappush(self._line, entry)

    def remove(self, group: str) -> None:
        """Remove a group, if it is there."""
        self._entries.pop(group, None)

    def next(self, fits: Callable[[str, Need], bool]) -> str:
        """Remove and return the first group that fits.

        :param fits: returns whether a group with a need fits.
        :returns: its ID, ``''`` if no group fits.
        """
        if self.only:
            return self._only(fits)
        while self._line:
            entry = heapq.heappop(self._line)
            place, need = entry
            key = _key(entry)
            if key in self._no_room:
                heapq.heappush(self._aside[key], entry)
            elif self._entries.get(place.group) != entry:
                self._step_forward(key)
            elif fits(place.group, need):
                return self._leave(entry)
            else:
                self._no_room.add(key)
                heapq.heappush(self._aside[key], entry)
        return ''

    def first(self, ranks: Sequence[int]) -> str:
        """Remove and return the first group of the first rank with a group.

        Call it only after :meth:`next` has found no group.

        :param ranks: the ranks to search, in this order.
        :returns: its ID, ``''`` if there is no group of these ranks.
        """
        if self.only:
            return self._only(lambda *_: True)
        heads = [head for key in self._no_room if (head := self._head(key))]
        for rank in ranks:
            found = min((e for e in heads if e[0].rank == rank), default=None)
            if found:
                return self._leave(found)
        return ''

    def look_again(self) -> None:
        """Consider all needs again, because more quota is free."""
        keys, self._no_room = self._no_room, set()
        for key in keys:
            self._step_forward(key)

    def _only(self, fits: Callable[[str, Need], bool]) -> str:
        entry = self._entries.get(self.only)
        if entry is None or not fits(self.only, entry[1]):
            return ''
        return self._leave(entry)

    def _leave(self, entry: _Entry) -> str:
        self.remove(entry[0].group)
        self._step_forward(_key(entry))
        return entry[0].group

    def _step_forward(self, key: _Key) -> None:
        """Put the first group that was set aside back into the queue."""
        if key not in self._no_room and self._head(key):
            heapq.heappush(self._line, heapq.heappop(self._aside[key]))

    def _head(self, key: _Key) -> _Entry | None:
        """Return the first group that was set aside and not removed since."""
        aside = self._aside[key]
        while aside and self._entries.get(aside[0][0].group) != aside[0]:
            heapq.heappop(aside)
        return aside[0] if aside else None


def _key(entry: _Entry) -> _Key:
    return (entry[0].rank, entry[1])
