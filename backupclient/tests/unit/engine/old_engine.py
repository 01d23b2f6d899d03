# SPDX-License-Identifier: Apache-2.0
"""The engine of the first release on a clock that jumps, to compare with.

``Turns`` is that engine's own. What ``Execution``, ``Attempts`` and
``Downtime`` did around it with threads is done here with events.
"""

from collections import Counter
import heapq

from backupclient.engine import downtime
from backupclient.engine import turns
from backupclient.model import inventory
from backupclient.model import plan
from backupclient.procedures import registry


class Old:
    """One run.

    :param seconds: how long a part of an item takes: ``stop``, ``start``,
        ``capture``, ``convert``, ``deliver``.
    :param service: whether the backup service answers.
    """

    def __init__(self, planned, parallel, free, seconds, *, service=True):
        self.items = list(planned.items)
        self.seconds = seconds
        self.service = service
        numbers = range(len(self.items))
        asked = planned.request.stop_servers
        self.servers = (
            downtime.servers_of(
                self.items,
                [
                    n
                    for n in numbers
                    if self.items[n].procedure is not plan.Procedure.NONE
                ],
            )
            if asked
            else {}
        )
        quotas = {name: inventory.Quota(n, 0) for name, n in free.items()}
        self.turns = turns.Turns(self.items, parallel, quotas, self.servers)
        self.uncaptured = {s: set() for s in self.servers.values()}
        for number, server in self.servers.items():
            self.uncaptured[server].add(number)
        self.off_at = {}
        self.since = {}
        self.free_at = Counter()
        self.downtime = Counter()
        self.second = set()
        self.now, self.due, self.count = 0.0, [], 0
        self.scout, self.held = None, []

    def run(self):
        todo = [*range(len(self.items))]
        self.turns.add(self._send_scout(todo))
        while self.turns:
            for number in self.turns.begin():
                self._begin(number)
            self.now, _, act = heapq.heappop(self.due)
            act()
        return self

    def _at(self, when, act):
        self.count += 1
        heapq.heappush(self.due, (when, self.count, act))

    def _send_scout(self, numbers):
        unsure = [n for n in numbers if self.items[n].fallback is not None]
        if not unsure:
            self.scout, self.held = None, []
            return list(numbers)
        self.scout, *others = unsure
        servers = {self.servers.get(n) for n in others}
        servers -= {None, self.servers.get(self.scout)}
        self.held = [
            n for n in numbers if n in others or self.servers.get(n) in servers
        ]
        return [n for n in numbers if n not in self.held]

    def _begin(self, number):
        item = self.items[number]
        if item.procedure is plan.Procedure.NONE:
            self._at(self.now, lambda: self._end(number))
            return
        if number in self.second:
            self._rest(number, self.now)
            return
        server = self.servers.get(number)
        when = self.now
        if server is not None:
            self.uncaptured[server].add(number)
            # Whoever comes later waits for the lock of the server.
            when = max(when, self.free_at[server])
            if server not in self.off_at:
                self.since[server] = when
                when += self.seconds(f'downtime/{server}', 'stop')
                self.off_at[server] = when
                self.free_at[server] = when
            when = max(when, self.off_at[server])
        took = self.seconds(self._place(item), self._part(item))
        self._at(when + took, lambda: self._captured(number))

    def _place(self, item):
        return f'{item.resource.kind}/{item.resource.id}'

    def _part(self, item):
        if item.procedure is plan.Procedure.VOLUME_BACKUP:
            return 'backup'
        steps = registry.steps(item)
        return 'capture' if any(s.captures for s in steps) else 'deliver'

    def _captured(self, number):
        item, server = self.items[number], self.servers.get(number)
        fails = item.fallback is not None and not self.service
        when = self.now
        if server is not None:
            self.uncaptured[server].discard(number)
            if not self.uncaptured[server] and server in self.off_at:
                when = max(when, self.free_at[server])
                when += self.seconds(f'downtime/{server}', 'start')
                self.free_at[server] = when
                self.downtime[server] += when - self.since.pop(server)
                del self.off_at[server]
        if fails:
            self._at(when, lambda: self._unavailable(number))
        elif self._part(item) == 'deliver' or (
            registry.steps(item)[-1].captures
        ):
            self._at(when, lambda: self._end(number))
        elif server is not None:
            self._at(when, lambda: self._pause(number))
        else:
            self._rest(number, when)

    def _pause(self, number):
        self.second.add(number)
        self.turns.pause(number)

    def _rest(self, number, when):
        item = self.items[number]
        if any(step.frees for step in registry.steps(item)):
            when += self.seconds(self._place(item), 'convert')
            self._at(when, lambda: self.turns.without_temporaries(number))
        when += self.seconds(self._place(item), 'deliver')
        self._at(when, lambda: self._end(number))

    def _end(self, number):
        self.second.discard(number)
        self.turns.end(number, complete=True)
        if number == self.scout:
            held, self.held, self.scout = self.held, [], None
            # The backup service is known to answer.
            self.turns.add(held)

    def _unavailable(self, number):
        self.turns.end(number, complete=False)
        if number != self.scout:
            self.items[number] = self.items[number].fallback
            self.turns._items = self.items
            self.turns.add([number])
            return
        held, self.held, self.scout = self.held, [], None
        for each in [number, *held]:
            if self.items[each].fallback is not None:
                self.items[each] = self.items[each].fallback
        self.turns.add([number, *held])
