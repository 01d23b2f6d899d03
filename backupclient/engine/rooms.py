# SPDX-License-Identifier: Apache-2.0
"""The quotas of a run: what is free, held, and reserved."""

from collections import Counter
from collections import defaultdict
from collections.abc import Mapping
import heapq

from backupclient.model import graphs


class Room:
    """How much of which quota each group holds.

    The largest amount that a group which has begun still needs is reserved.
    Otherwise two of them could block each other, because each holds what the
    other one needs.

    :param free: by the quotas' names; a missing one has no limit.
    """

    def __init__(self, free: Mapping[str, int]) -> None:
        self._free = dict(free)
        self._used: Counter[str] = Counter()
        self._held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._later: dict[str, dict[str, int]] = {}
        # By quota: what begun groups need later on, the largest first. An
        # entry that differs from `_later` is out of date.
        self._largest: defaultdict[str, list[tuple[int, str]]] = defaultdict(
            list
        )

    def fits(
        self, group: str, takes: graphs.Amounts, later: graphs.Amounts
    ) -> bool:
        """Tell whether there is room for a flow of a group.

        :param later: what the group still needs after that flow.
        """
        now, then = dict(takes), dict(later)
        for name in now.keys() | then.keys():
            if name in self._free:
                reserve = max(then.get(name, 0), self._reserved(name, group))
                wanted = self._used[name] + now.get(name, 0) + reserve
                if wanted > self._free[name]:
                    return False
        return True

    def take(
        self, group: str, takes: graphs.Amounts, later: graphs.Amounts
    ) -> None:
        """Let a group hold what a flow takes; reserve what it needs later."""
        held = self._held[group]
        for name, amount in takes:
            held[name] += amount
            self._used[name] += amount
        self._later[group] = dict(later)
        for name, amount in later:
            heapq.heappush(self._largest[name], (-amount, group))

    def adopt(self, group: str, takes: graphs.Amounts) -> None:
        """Let a group hold what an earlier process took.

        The cloud counts it as used already. It is free when it is given back.
        """
        for name, amount in takes:
            if name in self._free:
                self._free[name] += amount
        self.take(group, takes, ())

    def give_back(self, group: str, keeps: graphs.Amounts = ()) -> bool:
        """Let a group hold no more than it keeps.

        :returns: whether more is free than before.
        """
        later = self._later.pop(group, {})
        held = self._held.pop(group, Counter())
        for name, amount in held.items():
            self._used[name] -= amount
        self.take(group, keeps, ())
        return bool(later or held - self._held[group])

    def used(self) -> Mapping[str, int]:
        """Return what is held of each quota."""
        return self._used

    def _reserved(self, name: str, but: str) -> int:
        """Return what is reserved of a quota for all groups but one."""
        largest, aside = self._largest[name], None
        try:
            while largest:
                amount, group = largest[0]
                if self._later.get(group, {}).get(name, 0) != -amount:
                    heapq.heappop(largest)
                elif group != but:
                    return -amount
                else:
                    # The same amount of one group can stand there twice.
                    aside = heapq.heappop(largest)
            return 0
        finally:
            if aside is not None:
                heapq.heappush(largest, aside)
