# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: as many side by side as there is room for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from backupclient.model import inventory as inventory_
from backupclient.model import needs
from backupclient.model import plan as plan_


class Turns:
    """The items that wait for their turn, and those that have it.

    An item waits as long as the quotas have no room for it beside the others.
    One that needs more than there is comes when nobody else has anything:
    then the cloud has the last word.

    A server that was stopped must not wait: its disks come before all others,
    and before what is captured already goes on.

    :param items: all of the run; who stands here is a number among them.
    :param parallel: so many have their turn at a time.
    :param quotas: as they were at first; one that is missing has no limit.
    :param servers: that are stopped, by the items' numbers.
    """

    def __init__(
        self,
        items: Sequence[plan_.Item],
        parallel: int,
        quotas: Mapping[str, inventory_.Quota],
        servers: Mapping[int, frozenset[str]],
    ) -> None:
        self._items = items
        self._parallel = parallel
        self._servers = servers
        self._free = {
            name: quota.free
            for name, quota in quotas.items()
            if quota.free is not None
        }
        self._waiting: list[int] = []
        self._running: set[int] = set()
        self._paused: set[int] = set()
        self._halfway: set[int] = set()
        self._begun: set[str] = set()
        self._alone: set[int] = set()
        self._held: dict[int, Counter[str]] = {}

    def __bool__(self) -> bool:
        """True until all have had their turn."""
        return bool(self._waiting or self._running)

    def add(self, numbers: Iterable[int]) -> None:
        """Let items wait for their turn."""
        self._waiting += numbers

    def add_alone(self, number: int) -> None:
        """Let an item wait until no other one has its turn."""
        self._alone.add(number)
        self._waiting.append(number)

    def begin(self) -> Iterator[int]:
        """Give all whose turn it is now."""
        while len(self._running) < self._parallel:
            number = self._next()
            if number is None:
                return
            self._held[number] = self._wanted(number)
            if number in self._paused:
                self._paused.remove(number)
                self._halfway.remove(number)
            elif number in self._servers:
                self._halfway.add(number)
                self._begun |= self._servers[number]
            self._waiting.remove(number)
            self._running.add(number)
            yield number

    def pause(self, number: int) -> None:
        """Let an item that is captured wait for another turn."""
        self._running.remove(number)
        self._paused.add(number)
        self._waiting.append(number)

    def without_temporaries(self, number: int) -> None:
        """An item goes on, and needs only what it leaves."""
        self._held[number] = needs.artifacts(self._items[number])

    def end(self, number: int, *, complete: bool) -> None:
        """An item is done with; what it left is kept if it is complete."""
        self._running.remove(number)
        self._halfway.discard(number)
        self.without_temporaries(number)
        if not complete:
            del self._held[number]

    def _next(self) -> int | None:
        waiting = sorted(self._waiting, key=self._rank)
        return next(filter(self._may_begin, waiting), None)

    def _may_begin(self, number: int) -> bool:
        # Nobody works: one that is captured goes on, whatever the quotas say,
        # and a new one begins only if nobody is captured.
        if not self._running and (number in self._paused or not self._paused):
            return True
        if self._alone & {number, *self._running}:
            return False
        return self._fits(number)

    def _rank(self, number: int) -> int:
        """Give an item's place: its server is off, it is captured, the rest.

        Of those that are captured, who makes room comes first.
        """
        if number in self._paused:
            return 1 if needs.temporaries(self._items[number]) else 2
        return 0 if self._begun & self._servers.get(number, set()) else 3

    def _fits(self, number: int) -> bool:
        """Tell whether there is room, also for a captured one to go on."""
        wanted = self._wanted(number)
        held = {**self._held, number: wanted}
        reserve: Counter[str] = Counter()
        for each in (self._halfway ^ {number}) & self._servers.keys():
            reserve |= needs.once_captured(self._items[each])
        total = sum(held.values(), reserve)
        return all(
            total[name] <= self._free[name]
            for name in (wanted | reserve).keys() & self._free.keys()
        )

    def _wanted(self, number: int) -> Counter[str]:
        """Count what an item needs in its next turn."""
        item = self._items[number]
        whole = needs.of(item)
        if number in self._paused or number not in self._servers:
            return whole
        return whole - needs.once_captured(item)
