# SPDX-License-Identifier: Apache-2.0
"""The outcomes of the items of a run, from the results of its flows."""

from collections import defaultdict
import contextlib
import dataclasses

from backupclient import errors
from backupclient.engine import concluding
from backupclient.engine import contexts
from backupclient.engine import messages
from backupclient.engine import runner
from backupclient.model import graphs
from backupclient.model import plans
from backupclient.model import results
from backupclient.procedures import interim

_Ending = messages.Ending


@dataclasses.dataclass(slots=True)
class _Account:
    """The results of a group that has not ended."""

    seconds: float = 0.0
    left_over: list[str] = dataclasses.field(default_factory=list)
    made: interim.Made | None = None


class Ledger:
    """The outcomes of a run so far, and the results of open groups."""

    def __init__(self, context: contexts.Context) -> None:
        self._context = context
        self._items = list(context.plan.items)
        for number, item in context.journal.replaced().items():
            self._items[number] = item
        self._outcomes = dict(context.journal.outcomes())
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)
        self._waiting: dict[int, results.Outcome] = {}

    @property
    def plan(self) -> plans.Plan:
        """The plan, with the fallbacks that items use by now."""
        items = tuple(self._items)
        return dataclasses.replace(self._context.plan, items=items)

    @property
    def finished(self) -> bool:
        """True if each item has its outcome.

        Some may not be in the journal yet: see :meth:`settle`.
        """
        return len(self._outcomes) == len(self._items)

    def outcomes(self) -> tuple[results.Outcome, ...]:
        """Return an outcome for each item, in the order of the plan.

        An interrupted item has the state ``skipped``; a resume does it.
        """
        return tuple(
            self._outcomes.get(number)
            or concluding.skipped(item, self._interrupted)
            for number, item in enumerate(self._items)
        )

    @property
    def _interrupted(self) -> str:
        command = self._context.plan.command
        if command == 'verify':
            return 'Interrupted.'
        return f'Interrupted; {command} --resume does it.'

    def add(self, group: str, result: runner.Result) -> None:
        """Add the result of a flow."""
        account = self._accounts[group]
        account.seconds += result.seconds
        account.left_over += result.left_over
        account.made = result.made

    def begin(self, flow: graphs.Flow) -> None:
        """Drop the results of an earlier try, if this is a first flow."""
        if self._context.graph.before(flow) is None:
            self._tell_left_over(self._accounts.pop(flow.group, None))

    def replace(self, group: graphs.Group) -> None:
        """Use the fallback of an item from now on."""
        number = group.item
        instead = self._items[number].fallback if number is not None else None
        if number is not None and instead is not None:
            self._items[number] = instead
            # If this fails, a resumed run just finds out the fact again.
            with contextlib.suppress(errors.JournalError):
                self._context.journal.replace(number, instead)

    def conclude(
        self, group: graphs.Group, ending: messages.Ending, reason: str
    ) -> None:
        """Set the outcome of an item, and write it to the journal.

        If the write fails, the item is done again on resume. If its file is
        only gathered so far, :meth:`settle` writes the outcome.
        """
        account = self._accounts.pop(group.id, None) or _Account()
        if group.item is None or ending is _Ending.OPEN:
            self._tell_left_over(account)
            if reason and group.item is not None:
                self._warn(f'{group.resource.label}: {reason}')
            return
        outcome = dataclasses.replace(
            self._outcome(group, group.item, ending, reason, account),
            seconds=round(account.seconds, 1),
        )
        if self._is_gathered(outcome):
            self._waiting[group.item] = outcome
        elif not self._record(group.item, outcome):
            return
        self._outcomes[group.item] = outcome
        self._context.work.reporter.ended(outcome)

    def settle(self) -> None:
        """Write the outcomes of gathered files to the journal.

        Call this after the store has stored them. Items whose files are still
        not stored are done again on resume.
        """
        for number, outcome in self._waiting.items():
            if self._is_gathered(outcome) or not self._record(number, outcome):
                del self._outcomes[number]
        self._waiting.clear()

    def _is_gathered(self, outcome: results.Outcome) -> bool:
        """Return whether a kill would lose the file of an outcome."""
        files = self._context.work.files
        return bool(
            files and outcome.file and not files.is_stored(outcome.file.path)
        )

    def _record(self, number: int, outcome: results.Outcome) -> bool:
        try:
            self._context.journal.record(number, outcome)
        except errors.JournalError as exc:
            self._warn(f'{outcome.resource.label}: {exc}')
            return False
        return True

    def _outcome(
        self,
        group: graphs.Group,
        number: int,
        ending: messages.Ending,
        reason: str,
        account: _Account,
    ) -> results.Outcome:
        item = self._items[number]
        if ending is _Ending.SKIPPED:
            return concluding.skipped(item, reason)
        if ending is _Ending.FAILED:
            return concluding.failed(item, reason, account.left_over)
        if item.procedure is plans.Procedure.NONE:
            return concluding.without_work(item, self._of_parts(item))
        made = account.made
        if made is None:
            # An earlier process has done all flows of the group.
            way = self._context.plan.items[number] is not item
            flows = group.instead if way else group.flows
            made = runner.made(self._context, flows[-1])
        return concluding.complete(item, made)

    def _of_parts(self, item: plans.Item) -> dict[str, results.Outcome]:
        return {
            outcome.resource.id: outcome
            for outcome in self._outcomes.values()
            if outcome.resource.id in item.parts
        }

    def _tell_left_over(self, account: _Account | None) -> None:
        for text in account.left_over if account else ():
            self._warn(text)

    def _warn(self, text: str) -> None:
        self._context.work.reporter.warn(text)
