# SPDX-License-Identifier: Apache-2.0
"""What earlier processes have done of a run, as a resumed one finds it."""

from collections.abc import Mapping
import dataclasses

from backupclient.engine import board as board_
from backupclient.engine import messages
from backupclient.engine import room as room_


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a flow that has begun.

    :param done: all its steps are.
    :param made: any of its steps is done.
    :param undoing: its steps are being undone.
    """

    done: bool = False
    made: bool = False
    undoing: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Past:
    """What is known of a run.

    :param endings: of the groups that have their outcome.
    :param replaced: the groups that are done in their other way.
    :param traces: of the flows that have begun, by their IDs.
    """

    endings: Mapping[str, messages.Ending]
    replaced: frozenset[str]
    traces: Mapping[str, Trace]


NOTHING = Past({}, frozenset(), {})


def put(past: Past, board: board_.Board, room: room_.Room) -> None:
    """Let each group stand where the earlier processes left it."""
    for group in board.graph.groups:
        one = board[group.id]
        if group.id in past.replaced:
            one.flows = group.instead
        if group.id in past.endings:
            _put_end(one, past.endings[group.id])
        else:
            _put_open(group.id, one, past.traces, board, room)
    for group in board.graph.groups:
        if board[group.id].always >= 0:
            _put_scope(group.id, board)


def _put_end(one: board_.Standing, ending: messages.Ending) -> None:
    one.phase = board_.Phase.ENDED
    one.verdict = board_.Verdict(ending)
    if ending is messages.Ending.COMPLETE:
        one.at = len(one.flows)


def _put_open(
    group: str,
    one: board_.Standing,
    traces: Mapping[str, Trace],
    board: board_.Board,
    room: room_.Room,
) -> None:
    found = [traces.get(flow.id) for flow in one.flows]
    for flow, trace in zip(one.flows, found, strict=True):
        if trace is None or not trace.done:
            break
        one.at += 1
        room.adopt(group, flow.takes)
        if flow.gives_back:
            room.give_back(group, one.keeps)
        if flow.probes:
            board.facts[flow.probes] = True
    else:
        return
    room.take(group, (), one.later(one.at - 1) if one.at else ())
    if found[one.at] is not None:
        one.marks.add(board_.Mark.BEGUN)
    if any(trace and trace.made for trace in found):
        one.marks.add(board_.Mark.RESUMED)
    if any(trace and trace.undoing for trace in found) and one.always < 0:
        one.verdict = board_.Verdict(
            messages.Ending.FAILED, next=board_.Next.AGAIN
        )


def _put_scope(scope: str, board: board_.Board) -> None:
    """Do what is on demand once more, where someone still needs it.

    Others may have undone it meanwhile.
    """
    one = board[scope]
    if one.at == len(one.flows):
        _put_end(one, messages.Ending.COMPLETE)
    elif one.begun:
        one.at = 0
        one.marks.add(board_.Mark.BEGUN)
