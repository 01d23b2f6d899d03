# SPDX-License-Identifier: Apache-2.0
"""What a group of flows does next: wait, work, be undone, end."""

from collections.abc import Callable, Mapping

from backupclient.engine import board as board_
from backupclient.engine import line as line_
from backupclient.engine import messages
from backupclient.engine import room as room_
from backupclient.model import graph as graph_

Act, Ending = messages.Act, messages.Ending
Mark, Next, Phase = board_.Mark, board_.Next, board_.Phase
UNDO, ALONE = 0, 5
"""The ranks of what is to be undone, and of what has to be alone."""

WHEN_IDLE = (UNDO, 2, 3, 1, 4, ALONE)
"""Ranks, in the order in which a group may exceed what is free: one that has
begun goes on first. The cloud then accepts or refuses it."""

OPEN = board_.Verdict(Ending.OPEN)


class Moves:
    """The state of a run, and the moves that a group can make.

    :param parallel: so many groups are worked on at a time.
    :param free: what is free of each quota; a missing one has no limit.
    """

    def __init__(
        self, graph: graph_.Graph, parallel: int, free: Mapping[str, int]
    ) -> None:
        self._parallel = parallel
        self.board = board_.Board(graph)
        self.room = room_.Room(free)
        self._line = line_.Line()
        self._slots: set[str] = set()
        self._actions: list[messages.Action] = []

    def _answer(self) -> list[messages.Action]:
        """Fill the free slots, and give all that is to be done now."""
        while len(self._slots) < self._parallel:
            group = self._line.next(self._fits)
            if not group and not self._slots:
                group = self._line.first(WHEN_IDLE)
            if not group:
                break
            self._assign(group)
        actions, self._actions = self._actions, []
        return actions

    def _order(
        self,
        act: messages.Act,
        group: str,
        verdict: board_.Verdict = OPEN,
    ) -> None:
        one = self.board[group]
        flow = one.flow if act in (Act.DO, Act.UNDO) else None
        self._actions.append(
            messages.Action(act, group, flow, verdict.ending, verdict.reason)
        )

    def _fits(self, group: str, need: line_.Need) -> bool:
        phase = self.board[group].phase
        if phase is Phase.UNDOING:
            return True
        return phase is Phase.WAITING and self.room.fits(group, *need[:2])

    # From waiting to a slot.

    def _consider(self, group: str) -> None:
        """Look what a group can do now, since something has changed."""
        one = self.board[group]
        if one.phase is Phase.ASSIGNED:
            self._advance(group)
        elif self.login_ended and one.phase in (Phase.WAITING, Phase.PARKED):
            never = one.always >= 0 and not one.begun
            self._end(group, board_.COMPLETE if never else OPEN)
        elif one.phase is Phase.PARKED and self._stopping:
            if not one.flow.always:
                self._end(group, OPEN)
        elif one.phase is Phase.WAITING and self._leaves_scope(group):
            if one.at == len(one.flows):
                self._end(group, one.verdict or board_.COMPLETE)
            elif self._stopping and not one.flow.always:
                self._give_up(group, OPEN)
            else:
                self._wait(group, self.board.ready(group))

    @property
    def _stopping(self) -> bool:
        return board_.STOPPING in self.board.facts

    @property
    def login_ended(self) -> bool:
        """True when nothing more can be asked of the cloud."""
        return board_.LOGIN_ENDED in self.board.facts

    def _leaves_scope(self, scope: str) -> bool:
        """Go on to what is always done when nobody needs the scope.

        A scope that nobody has asked for ends.

        :returns: whether the next flow may be looked at. It may where the
            group is no scope.
        """
        one = self.board[scope]
        if one.at >= one.always:
            return True
        if self.board.is_wanted(scope):
            return False
        if one.begun:
            one.at = one.always
            one.marks.discard(Mark.BEGUN)
            return True
        self._end(scope, board_.COMPLETE)
        return False

    def _wait(self, group: str, ready: board_.Verdict | bool) -> None:
        """Let a group wait in the line, or for something else."""
        one = self.board[group]
        if isinstance(ready, board_.Verdict):
            self._give_up(group, ready)
        elif not ready:
            self._line.remove(group)
        elif one.flow.always:
            self._slots.add(group)
            one.phase = Phase.ASSIGNED
            self._claim_or(group, self._advance)
        elif not one.flow.steps:
            self._done(group)
        else:
            rank = self.board.rank(group)
            place = line_.Place(rank, self.board.order[group], group)
            before = one.later(one.at - 1) if one.at else ()
            self._line.add(place, (one.flow.takes, one.later(one.at), before))

    # From a slot to the work.

    def _assign(self, group: str) -> None:
        """Give a group a slot, and the quota that its flow takes."""
        one = self.board[group]
        self._slots.add(group)
        if one.phase is Phase.UNDOING:
            self._claim_or(group, self._undo)
            return
        if one.phase is Phase.PARKED:
            self._line.only = group
            one.phase = Phase.WAITING
            ready = self.board.ready(group)
            if ready is not True:
                self._give_up(group, ready or OPEN)
                return
        self.room.take(group, one.flow.takes, one.later(one.at))
        one.phase = Phase.ASSIGNED
        self._claim_or(group, self._advance)

    def _is_claimed(self, group: str) -> bool:
        claim = self.board.graph.group(group).claim
        return not claim or Mark.CLAIMED in self.board[group].marks

    def _claim_or(self, group: str, go_on: Callable[[str], None]) -> None:
        """Claim a group first, unless this process has."""
        if self._is_claimed(group):
            go_on(group)
        else:
            self._order(Act.CLAIM, group)

    def _advance(self, group: str) -> None:
        """Do the flow of a group that has its slot, or get what it needs."""
        one = self.board[group]
        if not self._is_claimed(group):
            return
        if one.flow.on_demand and not self.board.is_wanted(group):
            one.phase = Phase.WAITING
            self._consider(group)
            return
        ready = self.board.ready(group)
        if self._stopping and not (one.flow.always or one.flow.on_demand):
            ready = OPEN
        if isinstance(ready, board_.Verdict):
            self._give_up(group, ready)
        elif self._has_scopes(group):
            one.phase = Phase.RUNNING
            one.marks.add(Mark.BEGUN)
            self._order(Act.DO, group)

    def _has_scopes(self, group: str) -> bool:
        """Have done on demand what a group needs.

        :returns: whether all of it is done.
        """
        scopes = list(self.board.scopes(self.board[group].flow))
        for scope in scopes:
            one = self.board[scope]
            if one.phase is Phase.ENDED:
                one.at, one.phase, one.verdict = 0, Phase.WAITING, None
                one.marks.clear()
                self._order(Act.REOPEN, scope)
            if one.phase is Phase.WAITING and one.at == 0:
                one.phase = Phase.ASSIGNED
                self._claim_or(scope, self._advance)
                # The others that need it come first from now on.
                for each in self.board.dependents(scope):
                    if each != group:
                        self._consider(each)
        return all(self.board.holds(scope) for scope in scopes)

    # From the work to the end.

    def _done(self, group: str) -> None:
        """Go on after a flow that is done."""
        one = self.board[group]
        flow = one.flow
        one.marks.discard(Mark.BEGUN)
        one.at += 1
        one.phase = Phase.WAITING
        self._slots.discard(group)
        if flow.gives_back and self.room.give_back(group, one.keeps):
            self._line.look_again()
        self._consider(group)
        self._tell_dependents(group)

    def _give_up(self, group: str, verdict: board_.Verdict) -> None:
        """Undo what was done for a group; that of its scope is made good."""
        one = self.board[group]
        one.verdict = verdict
        self._line.remove(group)
        if self.login_ended:
            self._end(group, OPEN)
        elif not one.begun:
            self._settle(group)
        elif one.always >= 0:
            one.at, one.phase = one.always, Phase.WAITING
            one.marks.discard(Mark.BEGUN)
            self._tell_dependents(group)
            self._consider(group)
        else:
            if Mark.BEGUN not in one.marks:
                one.at -= 1
            one.phase = Phase.UNDOING
            if group in self._slots:
                self._claim_or(group, self._undo)
            else:
                place = line_.Place(UNDO, self.board.order[group], group)
                self._line.add(place, ((), (), ()))
            self._tell_dependents(group)

    def _undo(self, group: str) -> None:
        self._order(Act.UNDO, group)

    def _settle(self, group: str) -> None:
        """Let a group of which nothing is left end, or begin anew."""
        one = self.board[group]
        verdict = one.verdict or OPEN
        if verdict.next is Next.END or self._stopping:
            ends = verdict if verdict.next is Next.END else OPEN
            self._end(group, ends)
            return
        self._free(group, ())
        one.at, one.verdict = 0, None
        one.marks &= {Mark.CLAIMED, Mark.REFUSED}
        one.phase = Phase.WAITING
        if verdict.next is Next.ALONE:
            one.marks.add(Mark.REFUSED)
            self._park(group)
        elif verdict.next is Next.INSTEAD:
            one.flows = self.board.graph.group(group).instead
            self._order(Act.REPLACE, group)
        self.board.may_probe(group)
        self._consider(group)
        self._tell_dependents(group)

    def _park(self, group: str) -> None:
        """Let a group wait until nothing else is under way or could be."""
        self.board[group].phase = Phase.PARKED
        place = line_.Place(ALONE, self.board.order[group], group)
        self._line.add(place, ((), (), ()))

    def _end(self, group: str, verdict: board_.Verdict) -> None:
        """Let a group end for good."""
        one = self.board[group]
        one.phase, one.verdict = Phase.ENDED, verdict
        one.marks.discard(Mark.CLAIMED)
        self._line.remove(group)
        self._free(group, one.keeps if verdict == board_.COMPLETE else ())
        if self._line.only == group:
            self._line.only = ''
            self._line.look_again()
        self._order(Act.END, group, verdict)
        self._tell_dependents(group)

    def _free(self, group: str, keeps: graph_.Amounts) -> None:
        self._slots.discard(group)
        if self.room.give_back(group, keeps):
            self._line.look_again()

    def _tell_dependents(self, group: str) -> None:
        """Let groups look again that wait for this one."""
        for each in self.board.dependents(group):
            self._consider(each)
        one = self.board[group]
        fact = one.flow.probes if one.at < len(one.flows) else ''
        if fact and fact not in self.board.facts:
            self._find_out(fact)

    def _find_out(self, fact: str) -> None:
        """Let the next group find out a fact, if the last one could not."""
        prober = self.board.prober(fact)
        if not prober:
            self._consider_all()
            return
        self._consider(prober)
        for scope in self.board.scopes(self.board[prober].flow):
            for each in self.board.dependents(scope):
                self._consider(each)

    def _consider_all(self) -> None:
        for group in self.board.standings:
            self._consider(group)
