# SPDX-License-Identifier: Apache-2.0
"""A run without a cloud: the schedule, on a clock that jumps.

The simulation does what the coordinator does, and checks at each event what
must always hold.
"""

from collections import Counter
import dataclasses
import heapq
import random

from backupclient.engine import boards
from backupclient.engine import messages
from backupclient.engine import past_work
from backupclient.engine import schedules
from backupclient.engine import standings
from backupclient.model import graphs

NEWS = messages.News
SERVICE = 'the backup service answers'


class Wrong(AssertionError):
    """Something that must always hold does not."""


@dataclasses.dataclass
class Chances:
    """How often something happens, from 0 to 1."""

    fail: float = 0.0
    refuse: float = 0.0
    busy: float = 0.0
    unavailable: float = 0.0
    unwritten: float = 0.0
    start_fails: float = 0.0


class Simulation:
    """One run.

    :param seconds: how long a flow takes.
    :param strict: check that no quota is ever exceeded.
    :param stop_at: asked to stop at that time.
    """

    def __init__(
        self,
        flows,
        parallel=4,
        free=None,
        *,
        chances=None,
        seed=0,
        seconds=None,
        strict=True,
        stop_at=None,
        earlier=past_work.NOTHING,
    ):
        self.graph = flows
        self.parallel = parallel
        self.free = free or {}
        self.chances = chances or Chances()
        self.random = random.Random(seed)
        self.seconds = seconds or (lambda flow: self.random.uniform(1, 60))
        self.strict = strict
        self.stop_at = stop_at
        self.schedule = schedules.Schedule(flows, parallel, self.free, earlier)
        self.now = 0.0
        self.due = []
        self.number = 0
        self.log = []
        self.endings = {}
        self.claimed = set()
        self.working = {}
        self.done = set()
        self.begun = set()
        self.ways = Counter()
        self.down = {}
        # What the groups hold, by the graph; and all of it.
        self.held = {}
        self.total = Counter()
        self.downtime = Counter()
        self.most = 0

    def run(self, limit=10**7):
        """Go on until nothing is under way any more."""
        for _ in range(limit):
            if not self.step():
                break
        self._check_end()
        return self

    def step(self):
        """Begin, or take the next event.

        :returns: False when nothing is under way any more.
        """
        if not self.log and not self.begun:
            self._do(self.schedule.begin())
        if not self.due:
            return False
        self.now, _, event = heapq.heappop(self.due)
        if self.stop_at is not None and self.now >= self.stop_at:
            self.stop_at = None
            self._do(self.schedule.stop())
        self._hear(event)
        return True

    def past(self):
        """Give what a journal would have of the run, killed just now."""
        traces = {}
        for flow in self.graph.flows():
            way = 2 if self.ways[flow.group] else 1
            if flow.place in self.done and flow.way == way:
                traces[flow.id] = past_work.Trace(done=True, made=True)
        for group in self.down:
            # It is not undone by its worker: its server is started later.
            stop = self.graph.group(group).flows[0]
            traces.setdefault(stop.id, past_work.Trace())
        for action in self.working.values():
            traces[action.flow.id] = past_work.Trace(
                undoing=action.act is messages.Act.UNDO
            )
        endings = {
            group.id: self.endings[group.id].ending
            for group in self.graph.groups
            if group.item is not None
            and group.id in self.endings
            and self.endings[group.id].ending is not messages.Ending.OPEN
        }
        return past_work.Past(endings, frozenset(self.ways), traces)

    def _hear(self, event):
        doing = self.working.pop(event.group, None)
        flow = doing.flow if doing else None
        if flow and event.news is NEWS.DONE:
            self.done.add(flow.place)
            if flow.gives_back:
                self._hold(flow.group, flow.keeps)
            if flow.on_demand:
                self.down[flow.group] = self.now
            if flow.always:
                self._up(flow.group)
        elif flow and event.news is NEWS.UNDONE:
            self.done.discard(flow.place)
        if flow and event.news is not NEWS.DONE:
            held = self.held.get(flow.group, Counter())
            self._hold(flow.group, held - Counter(dict(flow.takes)))
        if flow and flow.on_demand and event.news is not NEWS.DONE:
            self.down.setdefault(flow.group, self.now)
        self._do(self.schedule.hear(event))
        self._check()

    def _hold(self, group, amounts):
        """Let a group hold so much, and no more."""
        self.total.subtract(self.held.pop(group, ()))
        self.held[group] = Counter(dict(amounts))
        self.total.update(self.held[group])

    def _up(self, group):
        begun = self.down.pop(group, None)
        if begun is not None:
            self.downtime[group] += self.now - begun

    def _tell(self, after, news, group, reason=''):
        self.number += 1
        event = messages.Event(news, group, reason)
        heapq.heappush(self.due, (self.now + after, self.number, event))

    def _do(self, actions):
        for action in actions:
            self.log.append((self.now, action))
            getattr(self, f'_do_{action.act}')(action)

    def _do_claim(self, action):
        if action.group in self.claimed:
            raise Wrong(f'{action.group} is claimed twice')
        busy = self.random.random() < self.chances.busy
        if not busy:
            self.claimed.add(action.group)
        self._tell(0.1, NEWS.BUSY if busy else NEWS.CLAIMED, action.group)

    def _do_do(self, action):
        flow = action.flow
        self._require_claim(action)
        self._require_waits(flow)
        if action.group in self.working:
            raise Wrong(f'{action.group} has two flows under way')
        self.working[action.group] = action
        self.begun.add(action.group)
        held = self.held.get(action.group, Counter())
        self._hold(action.group, held + Counter(dict(flow.takes)))
        news = self._fate(flow)
        if flow.on_demand:
            self.down.setdefault(flow.group, self.now)
        self._tell(self.seconds(flow), news, action.group, news.value)

    def _fate(self, flow):
        dice, chances = self.random.random, self.chances
        if flow.always:
            fails = dice() < chances.start_fails
            return NEWS.FAILED if fails else NEWS.DONE
        if self.schedule.board.facts.get(boards.STOPPING):
            return NEWS.INTERRUPTED
        if flow.probes and dice() < chances.unavailable:
            return NEWS.UNAVAILABLE
        if flow.takes and dice() < chances.refuse:
            return NEWS.REFUSED
        if dice() < chances.fail:
            return NEWS.FAILED
        if dice() < chances.unwritten:
            return NEWS.UNWRITTEN
        return NEWS.DONE

    def _do_undo(self, action):
        self._require_claim(action)
        if action.group in self.working:
            raise Wrong(f'{action.group} has two flows under way')
        self.working[action.group] = action
        self._tell(self.seconds(action.flow) / 4, NEWS.UNDONE, action.group)

    def _do_replace(self, action):
        self.ways[action.group] += 1

    def _do_reopen(self, action):
        self.endings.pop(action.group, None)
        flows = self.graph.group(action.group).flows
        self.done -= {flow.place for flow in flows}

    def _do_disprove(self, action):
        pass

    def _do_end(self, action):
        if action.group in self.endings:
            raise Wrong(f'{action.group} ends twice')
        if action.ending is not messages.Ending.COMPLETE:
            self._hold(action.group, ())
        self.endings[action.group] = action
        self.claimed.discard(action.group)

    def _require_claim(self, action):
        claim = self.graph.group(action.group).claim
        if claim and action.group not in self.claimed:
            raise Wrong(f'{action.group} is not claimed')

    def _require_waits(self, flow):
        """No flow starts before what it waits for."""
        for edge in flow.waits:
            other = graphs.group_of(edge.on)
            if edge.kind is graphs.Wait.DONE and edge.on not in self.done:
                raise Wrong(f'{flow.id} starts before {edge.on} is done')
            if edge.kind is graphs.Wait.DONE and other != flow.group:
                scope = self.schedule.board[other]
                if scope.always >= 0 and other not in self.down:
                    raise Wrong(f'{flow.id}: {other} is not down')
            if (
                edge.kind is graphs.Wait.ENDED
                and other in self.working
                and self.working[other].act is messages.Act.DO
                and self.working[other].flow.place == edge.on
            ):
                raise Wrong(f'{flow.id} starts before {edge.on} has ended')

    def _check(self):
        """What holds at each time."""
        slots = [
            a
            for a in self.working.values()
            if not (a.flow.always or a.flow.on_demand)
        ]
        self.most = max(self.most, len(slots))
        if len(slots) > self.parallel:
            raise Wrong(f'{len(slots)} at a time')
        if self.strict:
            # By its own count, and by that of the schedule.
            for taken in (self.total, self.schedule.room.used()):
                for name, amount in taken.items():
                    if amount > self.free.get(name, amount):
                        raise Wrong(f'{amount} of {name} are taken')

    def _check_end(self):
        """What holds when nothing is under way any more."""
        if not self.schedule.over:
            open_ = [
                (group, one.phase, one.at)
                for group, one in self.schedule.board.standings.items()
                if one.phase is not standings.Phase.ENDED
            ]
            raise Wrong(f'It hangs: {open_[:10]}')
        if missing := self.schedule.board.standings.keys() - self.endings:
            earlier = {g for g in missing if g not in self.begun}
            if missing - earlier:
                raise Wrong(f'Without an ending: {missing}')
        for group in self.down:
            ending = self.endings[group].ending
            if ending is not messages.Ending.OPEN:
                raise Wrong(f'{group} is still down: {ending}')
        if self.claimed:
            raise Wrong(f'Still claimed: {self.claimed}')

    def counts(self):
        """Count the endings of the groups that have an outcome."""
        return Counter(
            self.endings[group.id].ending.value
            for group in self.graph.groups
            if group.item is not None and group.id in self.endings
        )
