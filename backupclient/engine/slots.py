# SPDX-License-Identifier: Apache-2.0
"""Slots and quotas: how many groups are worked on at a time."""

import abc
from collections.abc import Callable, Mapping

from backupclient.engine import boards
from backupclient.engine import line
from backupclient.engine import messages
from backupclient.engine import rooms
from backupclient.engine import standings
from backupclient.model import graphs

Act, Ending = messages.Act, messages.Ending
Mark, Next, Phase = standings.Mark, standings.Next, standings.Phase
UNDO, ALONE = 0, 5
"""The ranks of groups that are undone, and of groups that must run alone. The
ranks between them are those of :meth:`.boards.Board.rank`."""

WHEN_IDLE = (UNDO, 2, 3, 1, 4, ALONE)
"""The order of ranks in which a group may exceed the free quota, if nothing
else is under way; groups that have begun come first. The cloud then accepts
or refuses the group."""

OPEN = standings.Verdict(Ending.OPEN)


class Slots(abc.ABC):
    """The state of a run: its groups, slots, quotas and queue.

    :param parallel: the number of slots: groups that are worked on at a time.
    :param free: the free amount of each quota. A missing quota is unlimited.
    """

    def __init__(
        self, graph: graphs.Graph, parallel: int, free: Mapping[str, int]
    ) -> None:
        self._parallel = parallel
        self.board = boards.Board(graph)
        self.room = rooms.Room(free)
        self._line = line.Line()
        self._slots: set[str] = set()
        self._actions: list[messages.Action] = []

    def _answer(self) -> list[messages.Action]:
        """Fill the free slots, and return the actions since the last call."""
        while len(self._slots) < self._parallel:
            group = self._line.next(self._fits)
            if not group and not self._slots:
                group = self._line.first(WHEN_IDLE)
            if not group:
                break
            self._assign(group)
        actions, self._actions = self._actions, []
        return actions

    @abc.abstractmethod
    def _assign(self, group: str) -> None:
        """Assign a slot to a group, and the quota that its flow takes."""

    def _order(
        self,
        act: messages.Act,
        group: str,
        verdict: standings.Verdict = OPEN,
    ) -> None:
        standing = self.board[group]
        flow = standing.flow if act in (Act.DO, Act.UNDO) else None
        self._actions.append(
            messages.Action(act, group, flow, verdict.ending, verdict.reason)
        )

    def _fits(self, group: str, need: line.Need) -> bool:
        phase = self.board[group].phase
        if phase is Phase.UNDOING:
            return True
        return phase is Phase.WAITING and self.room.fits(group, *need[:2])

    @property
    def _stopping(self) -> bool:
        return boards.STOPPING in self.board.facts

    @property
    def login_ended(self) -> bool:
        """True if the login has ended: the cloud answers no more requests."""
        return boards.LOGIN_ENDED in self.board.facts

    def _is_claimed(self, group: str) -> bool:
        claim = self.board.graph.group(group).claim
        return not claim or Mark.CLAIMED in self.board[group].marks

    def _claim_or(self, group: str, go_on: Callable[[str], None]) -> None:
        """Continue with a group if it is claimed; else order its claim."""
        if self._is_claimed(group):
            go_on(group)
        else:
            self._order(Act.CLAIM, group)

    def _park(self, group: str) -> None:
        """Let a group wait until no other group runs or can start."""
        self.board[group].phase = Phase.PARKED
        place = line.Place(ALONE, self.board.order[group], group)
        self._line.add(place, ((), (), ()))

    def _free(self, group: str, keeps: graphs.Amounts) -> None:
        self._slots.discard(group)
        if self.room.give_back(group, keeps):
            self._line.look_again()
