# SPDX-License-Identifier: Apache-2.0
"""The coordinator of a run: it performs the actions of the schedule.

A run has one coordinator. Workers perform the flows. Only the coordinator
writes to the lease.
"""

from collections.abc import Callable, Iterable
from concurrent import futures
import contextlib
import functools
import logging
import queue
from typing import Any

from backupclient import errors
from backupclient.engine import contexts
from backupclient.engine import executors
from backupclient.engine import faults
from backupclient.engine import lease_keeping
from backupclient.engine import ledgers
from backupclient.engine import messages
from backupclient.engine import runner
from backupclient.engine import schedules
from backupclient.model import graphs
from backupclient.procedures import compiler
from backupclient.procedures import registry

LOG = logging.getLogger(__name__)

_Act, _Ending, _News = messages.Act, messages.Ending, messages.News
_Answer = messages.Event | runner.Result | None
_Future = futures.Future[_Answer]


class Coordinator:
    """Performs the actions of the schedule until all groups have ended.

    One thread writes to the lease, in the order of the actions: a claim comes
    after the releases that were ordered before it.
    """

    def __init__(
        self,
        context: contexts.Context,
        schedule: schedules.Schedule,
        executor: executors.Executor,
        lease: lease_keeping.Lease,
        ledger: ledgers.Ledger,
    ) -> None:
        self._context = context
        self._schedule = schedule
        self._executor = executor
        self._lease = lease
        self._ledger = ledger
        self._lease_thread = futures.ThreadPoolExecutor(1, 'lease')
        self._answers = queue.SimpleQueue[tuple[str, _Future]]()
        self._under_way = 0

    def run(self) -> None:
        """Perform all flows that are not done yet; return when they ended."""
        try:
            self._act(self._schedule.begin())
            while self._under_way:
                self._hear(*self._answers.get())
        except Exception:
            self._rescue()
            raise
        finally:
            self._executor.shutdown()
            self._lease_thread.shutdown()

    @property
    def all_is_good(self) -> bool:
        """True if each server that was stopped runs again."""
        board = self._schedule.board
        return not any(map(board.is_due, board.standings))

    def _hear(self, group: str, future: _Future) -> None:
        """Pass an answer to the schedule, and perform its actions."""
        self._under_way -= 1
        event = self._event(group, future)
        if event is None:
            return
        self._act(self._schedule.hear(event))
        if self._context.clock.stop.asked:
            self._act(self._schedule.stop())

    def _event(self, group: str, future: _Future) -> messages.Event | None:
        try:
            answer = future.result()
        except Exception as exc:
            # Only a worker in another process can die alone.
            why = faults.said(exc, self._context.run, group)
            return messages.Event(_News.LOST, group, why)
        if not isinstance(answer, runner.Result):
            return answer
        self._ledger.add(group, answer)
        flow = self._context.graph.flow(answer.flow)
        if flow.always and answer.news is not _News.DONE and answer.reason:
            found = self._context.graph.group(group)
            self._warn(registry.not_made_good(found, answer.reason))
        return messages.Event(answer.news, group, answer.reason)

    def _act(self, actions: Iterable[messages.Action]) -> None:
        for action in actions:
            group = self._context.graph.group(action.group)
            match action.act:
                case _Act.CLAIM:
                    self._claim(group)
                case _Act.DO | _Act.UNDO:
                    self._perform(action)
                case _Act.REPLACE:
                    self._ledger.replace(group)
                case _Act.REOPEN:
                    self._forget(group)
                case _Act.DISPROVE:
                    self._disprove(action)
                case _Act.END:
                    self._end(group, action)

    def _perform(self, action: messages.Action) -> None:
        flow = action.flow
        if flow is None:
            raise ValueError(action)
        undo = action.act is _Act.UNDO
        if not undo:
            self._ledger.begin(flow)
        order = runner.Order(self._context.run, flow.id, undo)
        self._await(action.group, self._executor.submit(order))

    def _await(self, group: str, future: futures.Future[Any]) -> None:
        self._under_way += 1
        future.add_done_callback(lambda done: self._answers.put((group, done)))

    def _claim(self, group: graphs.Group) -> None:
        standing = self._schedule.board[group.id]
        shielded = standing.flow.always or (standing.verdict is not None)
        self._in_lease_thread(
            group, functools.partial(self._try_to_claim, group, shielded)
        )

    def _in_lease_thread(
        self, group: graphs.Group, ask: Callable[[], _Answer]
    ) -> None:
        self._await(group.id, self._lease_thread.submit(ask))

    def _try_to_claim(
        self, group: graphs.Group, shielded: bool
    ) -> messages.Event:
        """Claim a group.

        :param shielded: claim despite a request to stop, because the group is
            to be undone, or is a scope to be closed.
        """
        clock = self._context.clock
        news, reason = _News.CLAIMED, ''
        with clock.stop.shielded() if shielded else contextlib.nullcontext():
            try:
                self._lease.claim(group.claim)
            except errors.Busy as exc:
                news, reason = _News.BUSY, str(exc)
            except errors.LoginEnded:
                news = _News.LOGIN_ENDED
            except errors.Interrupted:
                news = _News.INTERRUPTED
            except Exception as exc:
                label = group.resource.label
                reason = faults.said(exc, self._context.run, label)
                news = _News.FAILED
        return messages.Event(news, group.id, reason)

    def _forget(self, group: graphs.Group) -> None:
        """Forget the records of a group, that of its last flow first.

        If the process is killed in between, only the last flow runs again.
        """
        for flow in reversed(group.flows):
            with contextlib.suppress(errors.JournalError):
                self._context.journal.forget(flow.id)

    def _disprove(self, action: messages.Action) -> None:
        self._context.work.reporter.say(compiler.DISPROVED)

    def _end(self, group: graphs.Group, action: messages.Action) -> None:
        due = self._schedule.board.is_due(group.id)
        if due and self._schedule.login_ended:
            self._warn(registry.may_not_be_good(group))
        self._ledger.conclude(group, action.ending, action.reason)
        if group.claim:
            self._in_lease_thread(
                group, functools.partial(self._release, group.claim)
            )

    def _release(self, claim: str) -> None:
        self._lease.release(claim)

    def _rescue(self) -> None:
        """Close all open scopes after a fault of the program."""
        board = self._schedule.board
        for group, standing in board.standings.items():
            if board.is_due(group):
                flow = standing.flows[standing.always]
                order = runner.Order(self._context.run, flow.id)
                with contextlib.suppress(Exception):
                    runner.perform(self._context, order)

    def _warn(self, text: str) -> None:
        self._context.work.reporter.warn(text)
