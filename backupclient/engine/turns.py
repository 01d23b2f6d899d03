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

    :param items: all of the run; who stands here is a number among them.
    :param parallel: so many have their turn at a time.
    :param quotas: as they were at first; one that is missing has no limit.
    """

    def __init__(
        self,
        items: Sequence[plan_.Item],
        parallel: int,
        quotas: Mapping[str, inventory_.Quota],
    ) -> None:
        self._items = items
        self._parallel = parallel
        self._free = {
            name: quota.free
            for name, quota in quotas.items()
            if quota.free is not None
        }
        self._waiting: list[int] = []
        self._running: set[int] = set()
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
        for number in list(self._waiting):
            if len(self._running) == self._parallel:
                return
            if self._may_begin(number):
                self._waiting.remove(number)
                self._running.add(number)
                self._held[number] = needs.of(self._items[number])
                yield number

    def without_temporaries(self, number: int) -> None:
        """An item goes on, and needs only what it leaves."""
        self._held[number] = needs.artifacts(self._items[number])

    def end(self, number: int, *, complete: bool) -> None:
        """An item is done with; what it left is kept if it is complete."""
        self._running.remove(number)
        self.without_temporaries(number)
        if not complete:
            del self._held[number]

    def _may_begin(self, number: int) -> bool:
        if not self._running:
            return True
        if self._alone & {number, *self._running}:
            return False
        return self._fits(number)

    def _fits(self, number: int) -> bool:
        wanted = needs.of(self._items[number])
        total = sum(self._held.values(), wanted)
        return all(
            total[name] <= self._free[name]
            for name in wanted.keys() & self._free.keys()
        )
