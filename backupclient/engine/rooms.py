# SPDX-License-Identifier: Apache-2.0
"""The quotas of a run: the free, held and reserved amounts."""

from collections import Counter
from collections import defaultdict
from collections.abc import Mapping
import heapq

from backupclient.model import graphs


class Room:
    """The quota that each group holds.

    Groups that have begun need more quota later. The largest of these amounts
    is reserved. Otherwise two groups could block each other, because each
    holds quota that the other one needs.

    :param free: the free amounts by name. A missing quota is unlimited.
    """

    def __init__(self, free: Mapping[str, int]) -> None:
        self._free = dict(free)
        self._used: Counter[str] = Counter()
        self._held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._later: dict[str, dict[str, int]] = {}
        # By quota: the amounts that begun groups need later, the largest
        # first. An entry that differs from `_later` is out of date.
        self._largest: defaultdict[str, list[tuple[int, str]]] = defaultdict(
            list
        )

    def fits(
        self, group: str, takes: graphs.Amounts, later: graphs.Amounts
    ) -> bool:
        """Return whether the free quota suffices for a flow of a group.

        :param takes: the quota that the flow takes.
        :param later: the quota that the group still needs afterwards.
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
        """Let a group hold quota for a flow, and reserve its later quota."""
        held = self._held[group]
        for name, amount in takes:
            held[name] += amount
            self._used[name] += amount
        self._later[group] = dict(later)
        for name, amount in later:
            heapq.heappush(self._largest[name], (-amount, group))

    def adopt(self, group: str, takes: graphs.Amounts) -> None:
        """Let a group hold the quota that an earlier process took.

        The cloud already counts this quota as used, so add it to the free
        quota first.
        """
        for name, amount in takes:
            if name in self._free:
                self._free[name] += amount
        self.take(group, takes, ())

    def give_back(self, group: str, keeps: graphs.Amounts = ()) -> bool:
        """Free the quota of a group, except what it keeps.

        :returns: whether more quota is free than before.
        """
        later = self._later.pop(group, {})
        held = self._held.pop(group, Counter())
        for name, amount in held.items():
            self._used[name] -= amount
        self.take(group, keeps, ())
        return bool(later or held - self._held[group])

    def used(self) -> Mapping[str, int]:
        """Return the held amount of each quota."""
        return self._used

    def _reserved(self, name: str, but: str) -> int:
        """Return the amount of a quota reserved for groups other than one."""
        largest, aside = self._largest[name], None
        try:
            while largest:
                amount, group = largest[0]
                if self._later.get(group, {}).get(name, 0) != -amount:
                    heapq.heappop(largest)
                elif group != but:
                    return -amount
                else:
                    # The group can have a second entry of the same amount.
                    aside = heapq.heappop(largest)
            return 0
        finally:
            if aside is not None:
                heapq.heappush(largest, aside)
