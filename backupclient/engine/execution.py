# SPDX-License-Identifier: Apache-2.0
"""All items of a plan, side by side, each to its outcome."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
import contextlib
import dataclasses
import functools
import logging
import queue

from backupclient import errors
from backupclient.engine import attempt
from backupclient.engine import downtime
from backupclient.engine import faults
from backupclient.engine import flows
from backupclient.engine import journal as journal_
from backupclient.engine import lease as lease_
from backupclient.engine import outcomes
from backupclient.engine import turns
from backupclient.engine import wholes
from backupclient.model import inventory as inventory_
from backupclient.model import needs
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)


_Verdict = (
    errors.BackupServiceUnavailable
    | errors.QuotaExceeded
    | attempt.Captured
    | None
)
_Future = futures.Future[_Verdict]


class Execution:
    """One pass over the items of a run that have no outcome yet.

    An item whose server is stopped has two turns: one until it is captured,
    and the rest when the other disks of the server are captured too.

    Whether a backup service answers is not known until one backup was
    tried. So the first item that could be done without it (its
    ``fallback``) goes ahead, and the others of that sort wait for it.
    """

    def __init__(
        self,
        work: step_.Work,
        journal: journal_.Journal,
        lease: lease_.Lease,
    ) -> None:
        self.work = work
        self.journal = journal
        self._lease = lease
        run = journal.run()
        self._plan = run.plan
        self._parallel = run.parallel
        self._items = list(run.plan.items)
        self._outcomes = journal.outcomes()
        self._scout: int | None = None
        self._held: list[int] = []
        self._tried: set[int] = set()
        self._events = queue.SimpleQueue[tuple[int, _Future | None]]()
        # Those of the first halves.
        self._seconds: dict[int, float] = {}
        todo = self._todo() if run.plan.request.stop_servers else ()
        self._servers = downtime.servers_of(self._items, todo)
        self._downtime = downtime.Downtime(work, journal, lease, self._servers)
        self._attempts = attempt.Attempts(
            work, journal, lease, self._downtime, lambda n: self._tell(n, None)
        )
        # An item that an earlier process has captured takes one turn.
        self._halved = {
            number: servers
            for number, servers in self._servers.items()
            if not self._attempts.is_captured(number, self._items[number])
        }
        self._turns = turns.Turns(
            self._items, self._parallel, self._quotas(), self._halved
        )

    def run(self) -> tuple[outcome_.Outcome, ...]:
        """Do what is left to do.

        :returns: an outcome for each item of the plan, in its order; one
            that was interrupted is ``skipped``, and is done on resume.
        """
        with_work = [n for n in self._todo() if not self._items[n].parts]
        first = self._send_scout(with_work)
        self._downtime.need(self._halved)
        self._downtime.start_all()
        try:
            self._do(first)
        finally:
            self._downtime.finish()
        self._end_wholes()
        return tuple(
            self._outcomes.get(number)
            or outcomes.skipped(item, 'Interrupted; run --resume does it.')
            for number, item in enumerate(self._items)
        )

    @property
    def plan(self) -> plan_.Plan:
        """The plan, as it is by now."""
        return dataclasses.replace(self._plan, items=tuple(self._items))

    @property
    def finished(self) -> bool:
        """True when each item has its outcome in the journal."""
        return all(n in self._outcomes for n in range(len(self._items)))

    @property
    def servers_run(self) -> bool:
        """True when no server is still stopped."""
        return self._downtime.over

    def _do(self, first: Iterable[int]) -> None:
        """Do items, and what can start when they are done with."""
        self._turns.add(first)
        with futures.ThreadPoolExecutor(self._parallel) as pool:
            while self._turns:
                for number in self._turns.begin():
                    future = pool.submit(self._one, number)
                    future.add_done_callback(
                        functools.partial(self._tell, number)
                    )
                number, done = self._events.get()
                if done is None:
                    self._turns.without_temporaries(number)
                else:
                    self._end(number, done.result())

    def _end_wholes(self) -> None:
        # A copy: their outcomes join those that they follow from.
        for number, outcome in [*wholes.ended(self._items, self._outcomes)]:
            try:
                self._record(number, outcome)
            except errors.JournalError as exc:
                self.work.reporter.say(f'{outcome.resource.label}: {exc}')

    def _record(self, number: int, outcome: outcome_.Outcome) -> None:
        self.journal.record(number, outcome)
        self._outcomes[number] = outcome
        self.work.reporter.ended(outcome)

    def _tell(self, number: int, done: _Future | None) -> None:
        """Wake who waits for an item: it is done, or needs less now."""
        self._events.put((number, done))

    def _end(self, number: int, verdict: _Verdict) -> None:
        if isinstance(verdict, attempt.Captured):
            self._turns.pause(number)
            return
        self._seconds.pop(number, None)
        outcome = self._outcomes.get(number)
        complete = outcome and outcome.state is outcome_.State.COMPLETE
        self._turns.end(number, complete=bool(complete))
        if isinstance(verdict, errors.QuotaExceeded):
            self._turns.add_alone(number)
            self._tried.add(number)
        else:
            self._turns.add(self._after(number, verdict))

    def _quotas(self) -> Mapping[str, inventory_.Quota]:
        """Read what is free, if anything is done that needs it."""
        if not any(needs.of(self._items[each]) for each in self._todo()):
            return {}
        try:
            return self.work.cloud.cinder.quotas(
                self.work.cloud.identity.project_id
            )
        except errors.BackupError:
            LOG.debug('The quotas cannot be read', exc_info=True)
            return {}

    def _todo(self) -> list[int]:
        numbers = range(len(self._items))
        return [each for each in numbers if each not in self._outcomes]

    def _send_scout(self, numbers: Sequence[int]) -> list[int]:
        """Choose who begins, and hold who waits for what the scout learns.

        With a disk that is held, all of its server's disks are: it would be
        stopped for that long.
        """
        unsure = [n for n in numbers if self._items[n].fallback is not None]
        if not unsure or self._backup_service_is_known():
            self._scout, self._held = None, []
            return list(numbers)
        self._scout, *others = unsure
        mine = self._servers.get(self._scout, frozenset())
        servers = {s for n in others for s in self._servers.get(n, ())} - mine
        self._held = [
            n
            for n in numbers
            if n in others or servers & self._servers.get(n, frozenset())
        ]
        return [number for number in numbers if number not in self._held]

    def _backup_service_is_known(self) -> bool:
        """Tell whether a backup of this run has come to a good end."""
        return any(
            outcome.procedure is plan_.Procedure.VOLUME_BACKUP
            and outcome.state is outcome_.State.COMPLETE
            for outcome in self._outcomes.values()
        )

    def _after(
        self, number: int, error: errors.BackupServiceUnavailable | None
    ) -> Sequence[int]:
        """Tell what can start when an item is done with."""
        if number != self._scout:
            if number in self._outcomes or error is None:
                return ()
            # The service answered before, and no longer does.
            self._fall_back(number)
            return [number]
        held, self._held, self._scout = self._held, [], None
        if error is None:
            # If it failed for another reason, the next one goes ahead.
            return self._send_scout(held)
        self.work.reporter.say(
            'The backup service of this cloud does not answer: volumes '
            'are copied to images instead.'
        )
        if not error.stuck:
            held = [number, *held]
        for each in held:
            self._fall_back(each)
        return held

    def _fall_back(self, number: int) -> None:
        instead = self._items[number].fallback
        if instead is not None:
            self._items[number] = instead
            # Without that note a resumed run finds out once more.
            with contextlib.suppress(errors.JournalError):
                self.journal.replace(number, instead)

    def _one(self, number: int) -> _Verdict:
        """Do an item. Only what concerns other items is given back.

        Without an outcome its server is not kept waiting for it either.
        """
        try:
            if number not in self._seconds:
                self.work.clock.check()
            return self._to_its_end(number)
        except errors.JournalError as exc:
            label = self._items[number].resource.label
            self.work.reporter.say(f'{label}: {exc}')
        except errors.Interrupted:
            LOG.debug('Interrupted', exc_info=True)
        except Exception as exc:
            # Whatever it is: the other items go on, and this one on resume.
            label = self._items[number].resource.label
            fault = faults.reason(exc, self.work.run, label)
            self.work.reporter.say(f'{label}: {fault}')
        self._downtime.captured(number)
        return None

    def _half(self, number: int) -> flows.Half:
        if number in self._seconds:
            return flows.Half.SECOND
        return flows.Half.FIRST if number in self._halved else flows.Half.BOTH

    def _to_its_end(self, number: int) -> _Verdict:
        item, clock = self._items[number], self.work.clock
        begun = clock.monotonic()
        verdict: _Verdict = None
        try:
            found = self._attempts.attempt(number, item, self._half(number))
            if isinstance(found, attempt.Captured):
                self._seconds[number] = clock.monotonic() - begun
                return found
            outcome = found
        except errors.BackupServiceUnavailable as exc:
            verdict = exc
            if item.fallback is not None and not exc.stuck:
                return verdict
            outcome = outcomes.failed(item, str(exc))
        except errors.QuotaExceeded as exc:
            if number not in self._tried:
                return exc
            outcome = outcomes.failed(item, str(exc))
        seconds = clock.monotonic() - begun + self._seconds.get(number, 0.0)
        outcome = dataclasses.replace(outcome, seconds=round(seconds, 1))
        self._record(number, outcome)
        return verdict
