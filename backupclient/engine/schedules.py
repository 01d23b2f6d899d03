# SPDX-License-Identifier: Apache-2.0
"""Decide which flow may start, and what follows when a flow ends.

The schedule has neither threads nor a clock. It hears an event and returns
actions, which the coordinator performs. It owns the whole state of a run.
"""

from collections.abc import Callable, Mapping

from backupclient.engine import boards
from backupclient.engine import messages
from backupclient.engine import moves
from backupclient.engine import past_work
from backupclient.engine import standings
from backupclient.engine.messages import News
from backupclient.model import graphs

_Ending, _Next, _Phase = messages.Ending, standings.Next, standings.Phase


class Schedule(moves.Moves):
    """The schedule of a run.

    :param parallel: the number of groups that are worked on at a time.
    :param free: the free amount of each quota. A missing quota is unlimited.
    :param past: the work of earlier processes.
    """

    def __init__(
        self,
        graph: graphs.Graph,
        parallel: int,
        free: Mapping[str, int],
        past: past_work.Past = past_work.NOTHING,
    ) -> None:
        super().__init__(graph, parallel, free)
        past_work.put(past, self.board, self.room)

    @property
    def over(self) -> bool:
        """True if each group has ended."""
        return self.board.over

    def begin(self) -> list[messages.Action]:
        """Return the first actions of a new or resumed run.

        Scopes come first: their servers may still be stopped.
        """
        groups = list(self.board.standings)
        for group in groups:
            if self.board[group].always >= 0:
                self._consider(group)
        for group in groups:
            standing = self.board[group]
            if (
                standing.phase is _Phase.WAITING
                and standing.verdict is not None
            ):
                self._give_up(group, standing.verdict)
            else:
                self._consider(group)
        return self._answer()

    def hear(self, event: messages.Event) -> list[messages.Action]:
        """Return the actions that follow from an event."""
        if event.news is News.LOGIN_ENDED or self.login_ended:
            self._leave(event)
        else:
            _HEAR[event.news](self, event.group, event.reason)
        return self._answer()

    def stop(self) -> list[messages.Action]:
        """Start no new flow, and undo all groups that are not complete."""
        if not self._stopping:
            self.board.facts[boards.STOPPING] = True
            for group in list(self.board.standings):
                self._consider(group)
        return self._answer()

    def _leave(self, event: messages.Event) -> None:
        """End all groups as they are, since nothing can be undone.

        The login has ended. Groups under way end with their next event.
        """
        first = not self.login_ended
        for fact in (boards.LOGIN_ENDED, boards.STOPPING):
            self.board.facts[fact] = True
        standing = self.board[event.group]
        if event.news is News.DONE:
            standing.at += 1
        complete = (
            standing.at == len(standing.flows) and standing.verdict is None
        )
        self._end(event.group, standings.COMPLETE if complete else moves.OPEN)
        for group in list(self.board.standings) if first else ():
            if group in self._line:
                self._end(group, moves.OPEN)
            else:
                self._consider(group)

    def _claimed(self, group: str, reason: str) -> None:
        standing = self.board[group]
        standing.marks.add(standings.Mark.CLAIMED)
        if standing.phase is _Phase.UNDOING:
            self._undo(group)
        else:
            self._advance(group)

    def _busy(self, group: str, reason: str) -> None:
        """End a group that another run has claimed.

        A new group is skipped; one that has begun is left for a resume.
        """
        begun = self.board[group].begun
        ending = _Ending.OPEN if begun else _Ending.SKIPPED
        self._end(group, standings.Verdict(ending, reason))

    def _has_done(self, group: str, reason: str) -> None:
        flow = self.board[group].flow
        self._done(group)
        if flow.probes and flow.probes not in self.board.facts:
            self.board.facts[flow.probes] = True
            self._consider_all()

    def _undone(self, group: str, reason: str) -> None:
        standing = self.board[group]
        standing.marks.discard(standings.Mark.BEGUN)
        if standing.at:
            standing.at -= 1
            self._undo(group)
        else:
            self._settle(group)

    def _fail(self, group: str, verdict: standings.Verdict) -> None:
        """Undo a group whose flow has failed.

        If the undoing itself failed, leave the group for a resume.
        """
        standing = self.board[group]
        if standing.flow.always:
            self._not_made_good(group, verdict)
            return
        if standing.phase is _Phase.UNDOING:
            self._end(group, standings.Verdict(_Ending.OPEN, verdict.reason))
            return
        if standing.phase is _Phase.RUNNING and not standing.flow.on_demand:
            standing.marks.discard(standings.Mark.BEGUN)
        self._give_up(group, verdict)

    def _not_made_good(self, scope: str, verdict: standings.Verdict) -> None:
        """Retry the last flow of a scope once, after all other groups."""
        standing = self.board[scope]
        if standings.Mark.REFUSED in standing.marks:
            self._end(scope, standings.Verdict(_Ending.OPEN, verdict.reason))
            return
        standing.marks.add(standings.Mark.REFUSED)
        self._slots.discard(scope)
        self._park(scope)

    def _lost(self, group: str, reason: str) -> None:
        """Let another worker undo the flow of a dead worker."""
        standing = self.board[group]
        verdict = standings.Verdict(_Ending.OPEN, reason)
        if standing.phase is _Phase.RUNNING and not standing.flow.always:
            self._give_up(group, verdict)
        else:
            self._end(group, verdict)

    def _failed(self, group: str, reason: str) -> None:
        self._fail(group, standings.Verdict(_Ending.FAILED, reason))

    def _gone(self, group: str, reason: str) -> None:
        """Start a resumed group again, once: its resources are gone."""
        resumed = standings.Mark.RESUMED in self.board[group].marks
        follows = _Next.AGAIN if resumed else _Next.END
        self._fail(group, standings.Verdict(_Ending.FAILED, reason, follows))

    def _refused(self, group: str, reason: str) -> None:
        """Retry a group once, when nothing else is under way."""
        refused = standings.Mark.REFUSED in self.board[group].marks
        follows = _Next.END if refused else _Next.ALONE
        self._fail(group, standings.Verdict(_Ending.FAILED, reason, follows))

    def _interrupted(self, group: str, reason: str) -> None:
        """Leave a group open for a resume."""
        self._fail(group, standings.Verdict(_Ending.OPEN, reason))

    def _unavailable(self, group: str, reason: str) -> None:
        self._disprove(group, reason, _Next.INSTEAD)

    def _stuck(self, group: str, reason: str) -> None:
        self._disprove(group, reason, _Next.END)

    def _disprove(
        self, group: str, reason: str, follows: standings.Next
    ) -> None:
        """Use the fallback of a group, and of all groups with the same fact.

        If the fact was known to be true, only this group changes.

        :param follows: ``INSTEAD`` for the fallback of the group itself,
            ``END`` if it fails.
        """
        flow = self.board[group].flow
        fact = flow.probes
        if flow.way > 1 or not self.board.graph.group(group).instead:
            follows = _Next.END
        news = fact and fact not in self.board.facts
        if news:
            self.board.facts[fact] = False
            self._order(messages.Act.DISPROVE, group)
        instead = standings.Verdict(_Ending.FAILED, reason, _Next.INSTEAD)
        for each in self.board.probers(fact) if news else ():
            self._give_up(each, instead)
        self._fail(group, standings.Verdict(_Ending.FAILED, reason, follows))
        if news:
            self._consider_all()

    def _consider_all(self) -> None:
        for group in self.board.standings:
            self._consider(group)


_HEAR: Mapping[News, Callable[[Schedule, str, str], None]] = {
    News.CLAIMED: Schedule._claimed,
    News.BUSY: Schedule._busy,
    News.DONE: Schedule._has_done,
    News.UNDONE: Schedule._undone,
    News.FAILED: Schedule._failed,
    News.GONE: Schedule._gone,
    News.REFUSED: Schedule._refused,
    News.UNAVAILABLE: Schedule._unavailable,
    News.STUCK: Schedule._stuck,
    News.INTERRUPTED: Schedule._interrupted,
    News.UNWRITTEN: Schedule._interrupted,
    News.LOST: Schedule._lost,
}
