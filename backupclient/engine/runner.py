# SPDX-License-Identifier: Apache-2.0
"""Perform one flow: do it, undo it, or continue it.

A step gets the results of the steps before it, and returns them with its own.
If a step fails, it and the steps before it in the flow are undone in reverse
order. After a kill, the step that may have begun is done again. If the flow
was being undone, the undoing is finished, and then the flow starts again.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any, Protocol

from backupclient import clocks
from backupclient import errors
from backupclient.engine import faults
from backupclient.engine import journal_base
from backupclient.engine import messages
from backupclient.engine import record
from backupclient.model import graphs
from backupclient.procedures import interim
from backupclient.procedures import step

_News = messages.News


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """An order for a worker; a plain value, for any process.

    :param run: the ID of the run.
    :param flow: the ID of the flow.
    :param undo: True to undo the flow, False to do it.
    """

    run: str
    flow: str
    undo: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """The result of an order; a plain value, for any process.

    :param flow: the ID of the flow.
    :param reason: the reason of a failure, in a sentence for the user.
    :param left_over: a sentence for each step that could not be undone.
    :param made: the results of the steps; None if unknown.
    """

    flow: str
    news: messages.News
    reason: str = ''
    left_over: tuple[str, ...] = ()
    seconds: float = 0.0
    made: interim.Made | None = None


class Context(Protocol):
    """The tools of a worker, built from the ID of the run."""

    @property
    def run(self) -> str:
        """The ID of the run."""

    @property
    def graph(self) -> graphs.Graph:
        """The flows of the run."""

    @property
    def journal(self) -> journal_base.Journal:
        """The journal of the run."""

    @property
    def clock(self) -> clocks.Clock:
        """The clock, which also passes on requests to stop."""

    def steps(self, flow: graphs.Flow) -> Sequence[step.Step[Any]]:
        """Return the steps of a flow, ready to be done."""

    def tell(self, flow: graphs.Flow, text: str) -> None:
        """Report what a flow does now."""

    def failure(self, flow: graphs.Flow, error: errors.BackupError) -> str:
        """Return the message for the failure of a flow."""


def perform(context: Context, order: Order) -> Result:
    """Do or undo a flow.

    :returns: the result. After a failure the flow has been undone, except for
        the steps in ``left_over``; see :class:`.messages.News`.
    """
    begun = context.clock.monotonic()
    work = _Work(context, context.graph.flow(order.flow))
    result = work.undo() if order.undo else work.do()
    took = context.clock.monotonic() - begun
    return dataclasses.replace(result, seconds=took)


class _Work:
    """One order that is being performed."""

    def __init__(self, context: Context, flow: graphs.Flow) -> None:
        self._context = context
        self._flow = flow
        self._steps = context.steps(flow)
        self._record = _record(context, flow)
        self._left_over: list[str] = []

    def do(self) -> Result:
        """Do the steps that are not done yet; if one fails, undo all."""
        try:
            if self._flow.always:
                with self._context.clock.stop.shielded():
                    self._make_good()
                    self._go_on()
            else:
                self._go_on()
        except errors.LoginEnded:
            # Without a login nothing can be undone. The records stay, for a
            # resume.
            return self._result(_News.LOGIN_ENDED)
        except Exception as exc:
            return self._undo_after(exc)
        return self._result(_News.DONE)

    def undo(self) -> Result:
        """Undo the steps that may have begun."""
        try:
            self._undo()
        except errors.LoginEnded:
            return self._result(_News.LOGIN_ENDED)
        return self._result(_News.UNDONE)

    def _go_on(self) -> None:
        if self._record.undoing:
            self._undo()
        self._context.clock.stop.check()
        if self._record.done == len(self._steps):
            # The flow was ordered again. A person may have changed the state
            # since, such as started the server, so redo the last step.
            self._record.rewind()
        for each in self._steps[self._record.done :]:
            self._do(each)
        if self._context.graph.is_waited_for(self._flow):
            self._record.require_kept()

    def _do(self, each: step.Step[Any]) -> None:
        self._record.begin()
        made = self._record.made
        if each.is_told(made):
            self._context.tell(self._flow, each.title)
        self._record.end(each.do(made))

    def _make_good(self) -> None:
        """Undo the first flow of a scope if its record is lost or says so."""
        before = self._context.graph.before(self._flow)
        if before is not None:
            other = _Work(self._context, before)
            if other._record.undoing:
                other._undo()

    def _undo_after(self, exc: Exception) -> Result:
        """Undo the flow after a failure.

        The flows of a scope are not undone: its last flow undoes the first.
        """
        try:
            if not (self._flow.on_demand or self._flow.always):
                self._undo()
        except errors.LoginEnded:
            return self._result(_News.LOGIN_ENDED)
        news = _news(exc)
        if news is _News.INTERRUPTED:
            return self._result(news)
        return self._result(news, self._reason(exc, news))

    def _undo(self) -> None:
        for number in reversed(range(self._record.begun)):
            self._record.undo(number)
            self._undo_step(self._steps[number], self._record.made_by(number))
        self._record.forget()

    def _undo_step(self, each: step.Step[Any], made: interim.Made) -> None:
        with self._context.clock.stop.shielded():
            try:
                self._context.tell(self._flow, f'undo: {each.title}')
                each.undo(made)
            except errors.LoginEnded:
                # The record stays, so a resume continues the undoing.
                raise
            except Exception as exc:
                what = f'undo: {each.title}'
                text = faults.said(exc, self._context.run, what)
                self._left_over.append(text)

    def _reason(self, exc: Exception, news: messages.News) -> str:
        if news in (_News.FAILED, _News.GONE) and isinstance(
            exc, errors.BackupError
        ):
            return self._context.failure(self._flow, exc)
        label = self._context.graph.group(self._flow.group).resource.label
        return faults.said(exc, self._context.run, label)

    def _result(self, news: messages.News, reason: str = '') -> Result:
        return Result(
            self._flow.id,
            news,
            reason,
            tuple(self._left_over),
            made=self._record.made,
        )


def made(context: Context, flow: graphs.Flow) -> interim.Made:
    """Return the results of a flow and of those before it in its group."""
    return _record(context, flow).made


def _record(context: Context, flow: graphs.Flow) -> record.Record:
    """Read the record of a flow, after those before it in its group."""
    before = context.graph.before(flow)
    made = (
        _record(context, before).made if before else interim.kind(flow.part)()
    )
    return record.Record(context.journal, flow, context.steps(flow), made)


def _news(exc: Exception) -> messages.News:
    """Return the news for the schedule about an exception."""
    match exc:
        case errors.JournalError():
            return _News.UNWRITTEN
        case errors.Interrupted():
            return _News.INTERRUPTED
        case errors.QuotaExceeded():
            return _News.REFUSED
        case errors.BackupServiceUnavailable():
            return _News.STUCK if exc.stuck else _News.UNAVAILABLE
        case errors.WaitTimeout():
            return _News.FAILED
        case errors.NotFound() | errors.WaitFailed():
            return _News.GONE
    return _News.FAILED
