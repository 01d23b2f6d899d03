# SPDX-License-Identifier: Apache-2.0
"""The work of earlier processes on a run that is resumed."""

from collections.abc import Mapping
import dataclasses

from backupclient.engine import boards
from backupclient.engine import messages
from backupclient.engine import rooms
from backupclient.engine import standings


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """The state of a flow that has begun.

    :param done: True if all its steps are done.
    :param made: True if any of its steps is done.
    :param undoing: True if its steps are being undone.
    """

    done: bool = False
    made: bool = False
    undoing: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Past:
    """The state of a run.

    :param endings: the endings of the groups that have an outcome.
    :param replaced: the groups that use their fallback.
    :param traces: the states of the flows that have begun, by their IDs.
    """

    endings: Mapping[str, messages.Ending]
    replaced: frozenset[str]
    traces: Mapping[str, Trace]


NOTHING = Past({}, frozenset(), {})


def put(past: Past, board: boards.Board, room: rooms.Room) -> None:
    """Set each group to the state in which earlier processes left it.

    :param board: gets the states; it must be new.
    :param room: gets the quotas that the groups hold; it must be new.
    """
    for group in board.graph.groups:
        standing = board[group.id]
        if group.id in past.replaced:
            standing.flows = group.instead
        if group.id in past.endings:
            _put_end(standing, past.endings[group.id])
            _learn(standing, board)
        else:
            _put_open(group.id, standing, past.traces, board, room)
    for group in board.graph.groups:
        if board[group.id].always >= 0:
            _put_scope(group.id, board)


def _put_end(standing: standings.Standing, ending: messages.Ending) -> None:
    standing.phase = standings.Phase.ENDED
    standing.verdict = standings.Verdict(ending)
    if ending is messages.Ending.COMPLETE:
        standing.at = len(standing.flows)


def _learn(standing: standings.Standing, board: boards.Board) -> None:
    """Set the facts that a complete group has proved."""
    for flow in standing.flows[: standing.at]:
        if flow.probes:
            board.facts[flow.probes] = True


def _put_open(
    group: str,
    standing: standings.Standing,
    traces: Mapping[str, Trace],
    board: boards.Board,
    room: rooms.Room,
) -> None:
    found = [traces.get(flow.id) for flow in standing.flows]
    for flow, trace in zip(standing.flows, found, strict=True):
        if trace is None or not trace.done:
            break
        standing.at += 1
        room.adopt(group, flow.takes)
        if flow.gives_back:
            room.give_back(group, standing.keeps)
        if flow.probes:
            board.facts[flow.probes] = True
    else:
        return
    room.take(
        group, (), standing.later(standing.at - 1) if standing.at else ()
    )
    if found[standing.at] is not None:
        standing.marks.add(standings.Mark.BEGUN)
    if any(trace and trace.made for trace in found):
        standing.marks.add(standings.Mark.RESUMED)
    if any(trace and trace.undoing for trace in found) and standing.always < 0:
        standing.verdict = standings.Verdict(
            messages.Ending.FAILED, next=standings.Next.AGAIN
        )


def _put_scope(scope: str, board: boards.Board) -> None:
    """Reset a scope that has begun, so that its first flow runs again.

    A person may have started the server in the meantime.
    """
    standing = board[scope]
    if standing.at == len(standing.flows):
        _put_end(standing, messages.Ending.COMPLETE)
    elif standing.begun:
        standing.at = 0
        standing.marks.add(standings.Mark.BEGUN)
