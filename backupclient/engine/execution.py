# SPDX-License-Identifier: Apache-2.0
"""All items of a plan, side by side, each to its outcome."""

from collections.abc import Iterable
from concurrent import futures
import dataclasses
import functools
import logging

from backupclient import errors
from backupclient.engine import downtime
from backupclient.engine import flows
from backupclient.engine import journal as journal_
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.procedures import registry
from backupclient.procedures import step as step_

LOG = logging.getLogger(__name__)


class Execution:
    """One pass over the items of a run that have no outcome yet.

    Whether a backup service answers is not known until one backup was
    tried. So the first item that could be done without it (its
    ``fallback``) goes ahead, and the others of that sort wait for it.
    """

    def __init__(self, work: step_.Work, journal: journal_.Journal) -> None:
        self.work = work
        self.journal = journal
        run = journal.run()
        self._parallel = run.parallel
        self._items = list(run.plan.items)
        self._outcomes = journal.outcomes()
        self._scout: int | None = None
        self._held: list[int] = []
        stops = run.plan.request.stop_servers
        self._downtime = downtime.Downtime(
            work, journal, self._items, self._todo() if stops else ()
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
            self._outcomes.get(number) or _interrupted(item)
            for number, item in enumerate(self._items)
        )

    def _do(self, first: Iterable[int]) -> None:
        """Do items, and what can start when they are done with."""
        with futures.ThreadPoolExecutor(self._parallel) as pool:
            running = {
                pool.submit(self._one, number): number for number in first
            }
            while running:
                ended, _ = futures.wait(
                    running, return_when=futures.FIRST_COMPLETED
                )
                for future in ended:
                    number = running.pop(future)
                    for more in self._after(number, future.result()):
                        running[pool.submit(self._one, more)] = more

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
            self.journal.replace(number, instead)

    def _one(self, number: int) -> errors.BackupServiceUnavailable | None:
        """Do an item. Only what concerns other items is given back."""
        item, clock = self._items[number], self.work.clock
        begun = clock.monotonic()
        verdict = None
        try:
            clock.check()
            outcome = self._outcome(number, item)
        except errors.Interrupted:
            return None
        except errors.BackupServiceUnavailable as exc:
            verdict = exc
            if item.fallback is not None and not exc.stuck:
                return verdict
            outcome = _failed(item, str(exc))
        outcome = dataclasses.replace(
            outcome, seconds=round(clock.monotonic() - begun, 1)
        )
        self._outcomes[number] = outcome
        self.journal.record(number, outcome)
        self.work.reporter.ended(outcome)
        return verdict

    def _outcome(self, number: int, item: plan_.Item) -> outcome_.Outcome:
        if item.covered_by:
            return _covered(item)
        if not item.possible:
            return _skipped(item)
        left_over: list[str] = []
        try:
            self._downtime.begin(number)
            made = flows.run(
                [each(self.work, item) for each in registry.steps(item)],
                self.journal.flow(number, item),
                flows.Listener(
                    functools.partial(self.work.reporter.step, item.resource),
                    functools.partial(self._downtime.captured, number),
                    left_over.append,
                ),
            )
        except (errors.Interrupted, errors.BackupServiceUnavailable):
            for text in left_over:
                self.work.reporter.say(text)
            raise
        except errors.BackupError as exc:
            return _failed(item, str(exc), left_over)
        except Exception as exc:
            # Whatever it is: the other items go on.
            LOG.debug('%s failed', item.resource.label, exc_info=True)
            return _failed(item, f'{type(exc).__name__}: {exc}', left_over)
        finally:
            self._downtime.captured(number)
        return _complete(item, made)


def _complete(item: plan_.Item, made: step_.Made) -> outcome_.Outcome:
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.COMPLETE,
        size=made.file.size if made.file else item.size,
        consistency=item.consistency,
        captured_at=made.captured_at,
        artifact=made.artifact,
        file=made.file,
        key=made.key,
        notes=made.notes,
    )


def _failed(
    item: plan_.Item, reason: str, notes: Iterable[str] = ()
) -> outcome_.Outcome:
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.FAILED,
        reason=reason,
        notes=tuple(notes),
    )


def _skipped(item: plan_.Item) -> outcome_.Outcome:
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.SKIPPED,
        reason=item.reason,
        notes=item.notes,
    )


def _covered(item: plan_.Item) -> outcome_.Outcome:
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.COMPLETE,
        reason=f'The data are in {item.covered_by}.',
        notes=item.notes,
    )


def _interrupted(item: plan_.Item) -> outcome_.Outcome:
    return outcome_.Outcome(
        item.resource,
        item.procedure,
        outcome_.State.SKIPPED,
        reason='Interrupted; run --resume does it.',
    )
