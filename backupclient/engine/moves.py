# SPDX-License-Identifier: Apache-2.0
"""The transitions of a group: wait, work, be undone, end."""

from backupclient.engine import line
from backupclient.engine import slots
from backupclient.engine import standings

Act, Ending = slots.Act, slots.Ending
Mark, Next, Phase = slots.Mark, slots.Next, slots.Phase
OPEN = slots.OPEN


class Moves(slots.Slots):
    """The transitions of the groups of a run."""

    # From waiting to a slot.

    def _consider(self, group: str) -> None:
        """Let a group make its next transition, if it can.

        Call this whenever a condition of its next transition has changed.
        """
        standing = self.board[group]
        if standing.phase is Phase.ASSIGNED:
            self._advance(group)
        elif self.login_ended and standing.phase in (
            Phase.WAITING,
            Phase.PARKED,
        ):
            never = standing.always >= 0 and not standing.begun
            self._end(group, standings.COMPLETE if never else OPEN)
        elif standing.phase is Phase.WAITING and self._leaves_scope(group):
            if standing.at == len(standing.flows):
                self._end(group, standing.verdict or standings.COMPLETE)
            elif self._stopping and not standing.flow.always:
                self._give_up(group, OPEN)
            else:
                self._wait(group, self.board.ready(group))

    def _leaves_scope(self, scope: str) -> bool:
        """Move a scope to its last flow once no other flow needs the scope.

        A scope that no flow needs and that has not begun ends.

        :param scope: any group; for one that is no scope, return True.
        :returns: whether the next flow of the group may be considered.
        """
        standing = self.board[scope]
        if standing.at >= standing.always:
            return True
        if self.board.is_wanted(scope):
            return False
        if standing.begun:
            standing.at = standing.always
            return True
        self._end(scope, standings.COMPLETE)
        return False

    def _wait(self, group: str, ready: standings.Verdict | bool) -> None:
        """Put a group into the queue, or let it wait for something else.

        :param ready: the result of :meth:`.boards.Board.ready`.
        """
        standing = self.board[group]
        if isinstance(ready, standings.Verdict):
            self._give_up(group, ready)
        elif not ready:
            self._line.remove(group)
        elif standing.flow.always:
            self._slots.add(group)
            standing.phase = Phase.ASSIGNED
            self._claim_or(group, self._advance)
        elif not standing.flow.steps:
            self._done(group)
        else:
            rank = self.board.rank(group)
            place = line.Place(rank, self.board.order[group], group)
            before = standing.later(standing.at - 1) if standing.at else ()
            self._line.add(
                place,
                (standing.flow.takes, standing.later(standing.at), before),
            )

    # From a slot to the work.

    def _assign(self, group: str) -> None:
        """Assign a slot to a group, and the quota that its flow takes."""
        standing = self.board[group]
        self._slots.add(group)
        if standing.phase is Phase.UNDOING:
            self._claim_or(group, self._undo)
            return
        if standing.phase is Phase.PARKED:
            self._line.only = group
            standing.phase = Phase.WAITING
            ready = self.board.ready(group)
            if ready is not True:
                self._give_up(group, ready or OPEN)
                return
        self.room.take(group, standing.flow.takes, standing.later(standing.at))
        standing.phase = Phase.ASSIGNED
        self._claim_or(group, self._advance)

    def _advance(self, group: str) -> None:
        """Start the flow of a group with a slot, if its conditions hold."""
        standing = self.board[group]
        if not self._is_claimed(group):
            return
        if standing.flow.on_demand and not self.board.is_wanted(group):
            standing.phase = Phase.WAITING
            self._consider(group)
            return
        ready = self.board.ready(group)
        if self._stopping and not (
            standing.flow.always or standing.flow.on_demand
        ):
            ready = OPEN
        if isinstance(ready, standings.Verdict):
            self._give_up(group, ready)
        elif self._has_scopes(group):
            standing.phase = Phase.RUNNING
            standing.marks.add(Mark.BEGUN)
            self._order(Act.DO, group)

    def _has_scopes(self, group: str) -> bool:
        """Start the scopes that the next flow of a group needs.

        :returns: whether all of them are in effect, for example whether the
            server is stopped.
        """
        scopes = list(self.board.scopes(self.board[group].flow))
        for scope in scopes:
            standing = self.board[scope]
            if standing.phase is Phase.ENDED:
                standing.at, standing.phase, standing.verdict = (
                    0,
                    Phase.WAITING,
                    None,
                )
                standing.marks.clear()
                self._order(Act.REOPEN, scope)
            if standing.phase is Phase.WAITING and standing.at == 0:
                standing.phase = Phase.ASSIGNED
                self._claim_or(scope, self._advance)
                # The other flows that need this scope now come earlier.
                for each in self.board.dependents(scope):
                    if each != group:
                        self._consider(each)
        return all(self.board.is_in_effect(scope) for scope in scopes)

    # From the work to the end.

    def _done(self, group: str) -> None:
        """Move a group to its next flow, because its current one is done."""
        standing = self.board[group]
        flow = standing.flow
        standing.marks.discard(Mark.BEGUN)
        standing.at += 1
        standing.phase = Phase.WAITING
        self._slots.discard(group)
        if flow.gives_back and self.room.give_back(group, standing.keeps):
            self._line.look_again()
        self._consider(group)
        self._tell_dependents(group)

    def _give_up(self, group: str, verdict: standings.Verdict) -> None:
        """Start to undo a group; move a begun scope to its last flow."""
        standing = self.board[group]
        standing.verdict = verdict
        self._line.remove(group)
        if self.login_ended:
            self._end(group, OPEN)
        elif not standing.begun:
            self._settle(group)
        elif standing.always >= 0:
            standing.at, standing.phase = standing.always, Phase.WAITING
            standing.marks.discard(Mark.BEGUN)
            self._tell_dependents(group)
            self._consider(group)
        else:
            if Mark.BEGUN not in standing.marks:
                standing.at -= 1
            standing.phase = Phase.UNDOING
            if group in self._slots:
                self._claim_or(group, self._undo)
            else:
                place = line.Place(slots.UNDO, self.board.order[group], group)
                self._line.add(place, ((), (), ()))
            self._tell_dependents(group)

    def _undo(self, group: str) -> None:
        self._order(Act.UNDO, group)

    def _settle(self, group: str) -> None:
        """Let a group that is undone end, or start again."""
        standing = self.board[group]
        verdict = standing.verdict or OPEN
        if verdict.next is Next.END or self._stopping:
            ends = verdict if verdict.next is Next.END else OPEN
            self._end(group, ends)
            return
        self._free(group, ())
        standing.at, standing.verdict = 0, None
        standing.marks &= {Mark.CLAIMED}
        standing.phase = Phase.WAITING
        if verdict.next is Next.ALONE:
            standing.marks.add(Mark.REFUSED)
            self._park(group)
        elif verdict.next is Next.INSTEAD:
            standing.flows = self.board.graph.group(group).instead
            self._order(Act.REPLACE, group)
        self.board.may_probe(group)
        self._consider(group)
        self._tell_dependents(group)

    def _end(self, group: str, verdict: standings.Verdict) -> None:
        """End a group: free its slot and quota, and order its ending."""
        standing = self.board[group]
        standing.phase, standing.verdict = Phase.ENDED, verdict
        standing.marks.discard(Mark.CLAIMED)
        self._line.remove(group)
        self._free(
            group, standing.keeps if verdict == standings.COMPLETE else ()
        )
        if self._line.only == group:
            self._line.only = ''
            self._line.look_again()
        self._order(Act.END, group, verdict)
        self._tell_dependents(group)

    def _tell_dependents(self, group: str) -> None:
        """Reconsider all groups that wait for this one."""
        for each in self.board.dependents(group):
            self._consider(each)
        standing = self.board[group]
        fact = (
            standing.flow.probes if standing.at < len(standing.flows) else ''
        )
        if fact and fact not in self.board.facts:
            self._find_out(fact)

    def _find_out(self, fact: str) -> None:
        """Reconsider the group whose turn it is to find out a fact."""
        prober = self.board.prober(fact)
        if prober:
            self._consider(prober)
            for scope in self.board.scopes(self.board[prober].flow):
                for each in self.board.dependents(scope):
                    self._consider(each)
