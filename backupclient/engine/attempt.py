# SPDX-License-Identifier: Apache-2.0
"""One item, from its turn to its outcome."""

from collections.abc import Callable
import dataclasses
import functools
import os

from backupclient import errors
from backupclient.engine import downtime as downtime_
from backupclient.engine import faults
from backupclient.engine import flow_records
from backupclient.engine import flows
from backupclient.engine import journal as journal_
from backupclient.engine import lease as lease_
from backupclient.engine import outcomes
from backupclient.model import outcome as outcome_
from backupclient.model import plan as plan_
from backupclient.procedures import registry
from backupclient.procedures import source
from backupclient.procedures import step as step_


class Captured:
    """The first half of an item is done: the copy needs its source no more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempts:
    """Works on items, each in the thread that calls.

    :param freed: hears the number of an item whose temporaries are gone.
    """

    work: step_.Work
    journal: journal_.Journal
    lease: lease_.Lease
    downtime: downtime_.Downtime
    freed: Callable[[int], None]
    _halfway: dict[int, flow_records.Records] = dataclasses.field(
        default_factory=dict
    )

    def attempt(  # noqa: C901 - an end of its own for each kind of failure
        self, number: int, item: plan_.Item, half: flows.Half
    ) -> outcome_.Outcome | Captured:
        """Work on an item.

        :param half: after the first one it stays claimed. Where nothing
            follows the capture, both are done.
        :raises BackupServiceUnavailable: and QuotaExceeded: what was made is
            undone, and another way or time may do.
        :raises Interrupted: it can be resumed.
        """
        if item.procedure is plan_.Procedure.NONE:
            return outcomes.without_work(item, {})
        if half is flows.Half.FIRST and self._steps(item)[-1].captures:
            half = flows.Half.BOTH
        claim = f'{item.resource.kind}/{item.resource.id}'
        left_over: list[str] = []
        begun = os.path.lexists(self.journal.flow(number, item))
        keeps_claim = False
        try:
            if item.makes_things:
                self.lease.claim(claim)
            made = self._run(number, item, left_over, half)
            if half is flows.Half.FIRST:
                keeps_claim = True
                return Captured()
        except errors.Busy as exc:
            if begun:
                # What an earlier process made is there: for another resume.
                self.work.reporter.warn(f'{item.resource.label}: {exc}')
                raise errors.Interrupted(str(exc)) from exc
            return outcomes.skipped(item, str(exc))
        except (
            errors.Interrupted,
            errors.BackupServiceUnavailable,
            errors.QuotaExceeded,
        ):
            for text in left_over:
                self.work.reporter.warn(text)
            raise
        except errors.BackupError as exc:
            reason = source.failure(self.work, item, exc)
            return outcomes.failed(item, reason, left_over)
        except Exception as exc:
            # Whatever it is: the other items go on.
            reason = faults.reason(exc, self.work.run, item.resource.label)
            return outcomes.failed(item, reason, left_over)
        finally:
            if not keeps_claim:
                self.lease.release(claim)
            self.downtime.captured(number)
        return outcomes.complete(item, made)

    def is_captured(self, number: int, item: plan_.Item) -> bool:
        """Tell whether an earlier process has captured an item."""
        steps = self._steps(item)
        path = self.journal.flow(number, item)
        return flows.is_captured(steps, flow_records.Records(path, steps))

    def _run(
        self,
        number: int,
        item: plan_.Item,
        left_over: list[str],
        half: flows.Half,
    ) -> step_.Made:
        steps = self._steps(item)
        records = self._halfway.pop(number, None)
        if records is None:
            path = self.journal.flow(number, item)
            records = flow_records.Records(path, steps)
        made = flows.run(
            steps,
            records,
            flows.Listener(
                functools.partial(self.downtime.begin, number),
                functools.partial(self.work.reporter.step, item.resource),
                functools.partial(self._done, number),
                left_over.append,
            ),
            half,
        )
        if half is flows.Half.FIRST:
            # Whatever becomes of the journal, the second half knows it.
            self._halfway[number] = records
        return made

    def _steps(self, item: plan_.Item) -> list[step_.Step]:
        return [each(self.work, item) for each in registry.steps(item)]

    def _done(self, number: int, step: step_.Step) -> None:
        """Hear that a step of an item is done."""
        if step.captures:
            self.downtime.captured(number)
        if step.frees:
            self.freed(number)
