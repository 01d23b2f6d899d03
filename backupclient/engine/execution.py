# SPDX-License-Identifier: Apache-2.0
"""All items of a plan, side by side, each to its outcome."""

from collections.abc import Iterable, Mapping
from concurrent import futures
import contextlib
import dataclasses
import functools
import logging
import queue

from backupclient import errors
from backupclient.engine import downtime
from backupclient.engine import flows
from backupclient.engine import journal as journal_
from backupclient.engine import lease as lease_
from backupclient.engine import outcomes
from backupclient.engine import turns
from backupclient.model import inventory as inventory_
from backupclient.model import needs
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.procedures import registry
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)


_Verdict = errors.BackupServiceUnavailable | errors.QuotaExceeded | None
_Future = futures.Future[_Verdict]


class Execution:
    """One pass over the items of a run that have no outcome yet.

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
        self._turns = turns.Turns(self._items, self._parallel, self._quotas())
        stops = run.plan.request.stop_servers
        self._downtime = downtime.Downtime(
            work, journal, lease, self._items, self._todo() if stops else ()
        )

    def run(self) -> tuple[outcome_.Outcome, ...]:
        """Do what is left to do.

        :returns: an outcome for each item of the plan, in its order; one
            that was interrupted is ``skipped``, and is done on resume.
        """
        first = self._first()
        self._downtime.start_all()
        try:
            self._do(first)
        finally:
            self._downtime.finish()
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

    def _tell(self, number: int, done: _Future | None) -> None:
        """Wake who waits for an item: it is done, or needs less now."""
        self._events.put((number, done))

    def _end(self, number: int, error: _Verdict) -> None:
        outcome = self._outcomes.get(number)
        complete = outcome and outcome.state is outcome_.State.COMPLETE
        self._turns.end(number, complete=bool(complete))
        if isinstance(error, errors.QuotaExceeded):
            self._turns.add_alone(number)
            self._tried.add(number)
        else:
            self._turns.add(self._after(number, error))

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

    def _first(self) -> list[int]:
        todo = self._todo()
        unsure = [n for n in todo if self._items[n].fallback is not None]
        if unsure and not self._backup_service_is_known():
            self._scout, *self._held = unsure
        return [number for number in todo if number not in self._held]

    def _backup_service_is_known(self) -> bool:
        """Tell whether a backup of this run has come to a good end."""
        return any(
            outcome.procedure is plan_.Procedure.VOLUME_BACKUP
            and outcome.state is outcome_.State.COMPLETE
            for outcome in self._outcomes.values()
        )

    def _after(
        self, number: int, error: errors.BackupServiceUnavailable | None
    ) -> Iterable[int]:
        """Tell what can start when an item is done with."""
        if number != self._scout:
            if number in self._outcomes or error is None:
                return ()
            # The service answered before, and no longer does.
            self._fall_back(number)
            return [number]
        held, self._held, self._scout = self._held, [], None
        if held and error is None and not self._backup_service_is_known():
            # It failed for another reason: the next one goes ahead.
            self._scout, *self._held = held
            return [self._scout]
        if error is not None:
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
        """Do an item. Only what concerns other items is given back."""
        try:
            self.work.clock.check()
            return self._to_its_end(number)
        except errors.JournalError as exc:
            label = self._items[number].resource.label
            self.work.reporter.say(f'{label}: {exc}')
        except errors.Interrupted:
            LOG.debug('Interrupted', exc_info=True)
        return None

    def _to_its_end(self, number: int) -> _Verdict:
        item, clock = self._items[number], self.work.clock
        begun = clock.monotonic()
        verdict = None
        try:
            outcome = self._outcome(number, item)
        except errors.BackupServiceUnavailable as exc:
            verdict = exc
            if item.fallback is not None and not exc.stuck:
                return verdict
            outcome = outcomes.failed(item, str(exc))
        except errors.QuotaExceeded as exc:
            if number not in self._tried:
                return exc
            outcome = outcomes.failed(item, str(exc))
        outcome = dataclasses.replace(
            outcome, seconds=round(clock.monotonic() - begun, 1)
        )
        self.journal.record(number, outcome)
        self._outcomes[number] = outcome
        self.work.reporter.ended(outcome)
        return verdict

    def _outcome(self, number: int, item: plan_.Item) -> outcome_.Outcome:
        if item.procedure is plan_.Procedure.NONE:
            return outcomes.without_work(item)
        left_over: list[str] = []
        records = self.journal.flow(number, item)
        begun = records.exists()
        try:
            with self._claimed(item):
                made = flows.run(
                    [each(self.work, item) for each in registry.steps(item)],
                    records,
                    flows.Listener(
                        functools.partial(self._downtime.begin, number),
                        functools.partial(
                            self.work.reporter.step, item.resource
                        ),
                        functools.partial(self._done, number),
                        left_over.append,
                    ),
                )
        except errors.Busy as exc:
            if begun:
                # What an earlier process made is there: for another resume.
                self.work.reporter.say(f'{item.resource.label}: {exc}')
                raise errors.Interrupted(str(exc)) from exc
            return outcomes.skipped(item, str(exc))
        except (
            errors.Interrupted,
            errors.BackupServiceUnavailable,
            errors.QuotaExceeded,
        ):
            for text in left_over:
                self.work.reporter.say(text)
            raise
        except errors.BackupError as exc:
            return outcomes.failed(item, str(exc), left_over)
        except Exception as exc:
            # Whatever it is: the other items go on.
            LOG.debug('%s failed', item.resource.label, exc_info=True)
            reason = f'{type(exc).__name__}: {exc}'
            return outcomes.failed(item, reason, left_over)
        finally:
            self._downtime.captured(number)
        return outcomes.complete(item, made)

    def _claimed(
        self, item: plan_.Item
    ) -> contextlib.AbstractContextManager[None]:
        """Keep other runs from what an item works on."""
        if not item.makes_things:
            return contextlib.nullcontext()
        return self._lease.claimed(f'{item.resource.kind}/{item.resource.id}')

    def _done(self, number: int, step: step_.Step) -> None:
        """Hear that a step of an item is done."""
        if step.captures:
            self._downtime.captured(number)
        if step.frees:
            self._tell(number, None)
